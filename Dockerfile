# One image for both commands: `ibkr-sim` (the fake gateway) and `ibkr` (client and app).
FROM python:3.11-slim AS build
WORKDIR /source
RUN python -m venv /opt/ibkr && /opt/ibkr/bin/pip install --no-cache-dir --upgrade "pip>=25.3"

# The dependencies at the versions and hashes of the lock; the project itself has no hash.
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; print('\n'.join(tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies']))" > dependencies.txt \
    && /opt/ibkr/bin/pip install --no-cache-dir --constraint constraints.txt --requirement dependencies.txt

COPY README.md LICENSE ./
COPY ibkr ibkr
COPY simulator simulator
RUN /opt/ibkr/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
COPY --from=build /opt/ibkr /opt/ibkr
ENV PATH=/opt/ibkr/bin:$PATH PYTHONUNBUFFERED=1
RUN useradd --uid 10001 --no-create-home ibkr
USER ibkr
EXPOSE 4002 8000
CMD ["ibkr-sim", "serve", "--host", "0.0.0.0"]
