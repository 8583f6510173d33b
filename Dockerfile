# The executable alone on a slim Debian: it carries the dashboard and, without DATABASE_URL, its own PostgreSQL.
# Build the executable first: npm run build
FROM debian:bookworm-slim

# PostgreSQL needs libstdc++ (libgcc comes with it); certificates are for sign-in and Slack.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates libstdc++6 \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --home-dir /var/lib/polaris --shell /usr/sbin/nologin polaris \
  && install --directory --owner=polaris --group=polaris --mode=0700 /var/lib/polaris

ARG TARGETARCH=amd64
COPY --chmod=0755 dist/polaris-linux-* /tmp/
RUN case "$TARGETARCH" in amd64) cpu=x64 ;; *) cpu="$TARGETARCH" ;; esac \
  && mv "/tmp/polaris-linux-$cpu" /usr/local/bin/polaris \
  && rm -f /tmp/polaris-linux-*

USER polaris
ENV POLARIS_DATA_DIR=/var/lib/polaris POLARIS_HOST=0.0.0.0 POLARIS_PORT=4321
VOLUME /var/lib/polaris
EXPOSE 4321
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
  CMD ["/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${POLARIS_PORT:-4321} && printf 'GET /healthz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200'"]
ENTRYPOINT ["polaris"]
CMD ["serve"]
