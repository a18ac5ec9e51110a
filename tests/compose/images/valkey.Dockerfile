# Where the image of that name does not let its own user write to /data, as the official one does.
ARG BASE
FROM $BASE
USER root
RUN install -d -o valkey -g valkey -m 1777 /data
WORKDIR /data
