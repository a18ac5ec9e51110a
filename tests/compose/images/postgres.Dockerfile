# Where the image of that name cannot be started as its own user with a password from a file, as the official one can.
ARG BASE
FROM $BASE
USER root
RUN install -d -o postgres -g postgres -m 1777 "$PGDATA" && install -d -o postgres -g postgres -m 3777 /var/run/postgresql
COPY postgres-entrypoint.sh /usr/local/bin/
ENTRYPOINT ["postgres-entrypoint.sh"]
