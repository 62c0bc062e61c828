# Two stages: what builds the package and its pages stays behind. Only what the locks name with a hash is installed.
# The base is held to Python 3.13 and Debian 13, and a new build takes their security fixes.
FROM python:3.13-slim-trixie AS build
WORKDIR /src
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /app \
 && /app/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.lock \
 && python -m venv /build \
 && /build/bin/python -m pip install --no-cache-dir --require-hashes -r requirements-build.lock
COPY . .
RUN /build/bin/python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /app/bin/python -m pip install --no-cache-dir --no-deps /wheels/*.whl

FROM python:3.13-slim-trixie
RUN useradd --system --uid 10001 --no-create-home presales \
 && install -d -o 10001 -g 10001 /data /backups
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 PRESALES_DATA=/data
USER 10001
VOLUME /data
EXPOSE 8480
STOPSIGNAL SIGTERM
ENTRYPOINT ["presales-monitor"]
CMD ["run"]
