# Apache Doris as a user other than root. The published images belong to root, and Doris writes beside its programs when it starts:
# the entry point puts its configuration into conf/, start_be.sh changes the mode of lib/doris_be, and the backend writes its pid.
#
#     nereus images build doris-fe doris-be
ARG BASE
FROM ${BASE}
RUN chown -R 1000:1000 /opt/apache-doris
USER 1000:1000
