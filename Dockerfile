# The PyAV wheel in this image carries FFmpeg with x264 and x265, which are under the GPL.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/veogram
COPY requirements.lock ./
RUN /opt/veogram/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY handlers handlers
COPY storage storage
RUN /opt/veogram/bin/pip install --no-deps .

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Veogram" \
      org.opencontainers.image.description="Telegram bot for Veo 3.1 videos through KIE.ai" \
      org.opencontainers.image.licenses="MIT AND GPL-2.0-or-later"
COPY LICENSE /usr/share/doc/veogram/
COPY --from=build /opt/veogram /opt/veogram
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin veogram \
 && install --directory --owner=veogram --group=veogram --mode=0700 /data
ENV PATH=/opt/veogram/bin:$PATH \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data HOST=0.0.0.0 PORT=8080
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", \
  "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
