FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONPATH=/app
WORKDIR /app

# A user with a fixed id, and the home: a volume takes its owner from here.
RUN useradd --uid 10001 --user-group --home-dir /app --no-create-home --shell /usr/sbin/nologin callbeat \
    && install -d -m 0700 -o callbeat -g callbeat var

# Before the code, so that a change of code installs nothing again. Wheels only: no compiler is needed, none is left.
COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --only-binary :all: --require-hashes -r requirements.lock

# The command as an installation would make it, but that it loads nothing else where it is asked each half minute.
RUN printf '%s\n' '#!/usr/bin/env python' 'import sys' 'if sys.argv[1:2] == ["health"]:' '    from cli.health import main' \
      'else:' '    from cli.main import main' 'main()' > /usr/local/bin/callbeat \
    && chmod 0755 /usr/local/bin/callbeat

COPY . ./
RUN python -m compileall -q callbeat cli dashboard hooks sandbox tasks worker

USER 10001:10001
CMD ["callbeat", "--help"]
