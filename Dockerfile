# custhub as a service. Build: docker build -t custhub . Try it with PostgreSQL: compose.yaml.

FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements/build.txt requirements/run.txt requirements/
RUN python -m venv /opt/custhub \
    && pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/build.txt \
    && /opt/custhub/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/run.txt
COPY pyproject.toml README.md ./
COPY src src
COPY migrations migrations
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/custhub/bin/pip install --no-cache-dir --no-deps --no-index dist/*.whl

FROM python:3.13-slim
LABEL org.opencontainers.image.title="custhub" \
      org.opencontainers.image.description="A headless customer hub" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --system --gid 10001 custhub \
    && useradd --system --uid 10001 --gid custhub --home-dir /data --no-create-home --shell /usr/sbin/nologin custhub \
    && install --directory --owner custhub --group custhub --mode 0700 /data
COPY --from=build /opt/custhub /opt/custhub
ENV PATH=/opt/custhub/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CUSTHUB_PROFILE=production \
    CUSTHUB_HOME=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-I", "-c", "import urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:8000/health/live', timeout=2)"]
ENTRYPOINT ["custhub"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
