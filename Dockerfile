# Two images over one installation: `simulator` (the fake gateway) and `app` (client and HTTP).
#
#   docker build --target simulator --tag localhost/ibkr-testbed/simulator .
#   docker build --target app --tag localhost/ibkr-testbed/app .
#
# Nothing in them needs root or a writable root file system; what must be kept is in
# /var/lib/ibkr. Behind a package mirror: --build-arg PIP_INDEX_URL=...
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
ARG PIP_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /source
# pip stays in a place of its own, so that what is copied on holds none
RUN python -m venv /opt/pip \
    && /opt/pip/bin/pip install "pip>=25.3" \
    && python -m venv --without-pip /opt/ibkr

# The dependencies at the versions and hashes of the lock; the project itself has no hash.
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; print('\n'.join(tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies']))" > dependencies.txt \
    && /opt/pip/bin/pip --python /opt/ibkr/bin/python install --constraint constraints.txt --requirement dependencies.txt \
    && find /opt/ibkr -depth -type d \( -name tests -o -name __pycache__ \) -exec rm -rf {} +

COPY README.md LICENSE ./
COPY ibkr ibkr
COPY simulator simulator
# compiled here, since nothing can be written later
RUN /opt/pip/bin/pip --python /opt/ibkr/bin/python install --no-deps . \
    && python -m compileall -q /opt/ibkr/lib

FROM ${BASE} AS runtime
LABEL org.opencontainers.image.title="ibkr-testbed" \
      org.opencontainers.image.description="A fake IB Gateway that speaks the real TWS wire protocol, and a production IBKR client to test against it." \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --gid 10001 ibkr \
    && useradd --uid 10001 --gid ibkr --no-create-home --home-dir /var/lib/ibkr --shell /usr/sbin/nologin ibkr \
    && install --directory --owner ibkr --group ibkr --mode 0700 /var/lib/ibkr
COPY --from=build /opt/ibkr /opt/ibkr
ENV PATH=/opt/ibkr/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /var/lib/ibkr
USER 10001:10001
STOPSIGNAL SIGTERM

FROM runtime AS app
ENV IBKR_APP_HOST=0.0.0.0 IBKR_APP_PORT=8000 IBKR_APP_ALLOW_REMOTE=true
EXPOSE 8000
# alive, not ready: an app must not be restarted because its gateway is away
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-I", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
ENTRYPOINT ["ibkr"]
CMD ["serve"]

FROM runtime AS simulator
EXPOSE 4002 4080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-I", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:4080/health', timeout=4)"]
# `docker run IMAGE --fill-model queue`: what is given is added, and the last one counts
ENTRYPOINT ["ibkr-sim", "serve", "--host", "0.0.0.0", "--port", "4002", "--control-port", "4080"]
