# Stage 1: a virtual environment with everything the service needs, pinned.
FROM python:3.12-slim AS build
WORKDIR /src
RUN python -m venv /opt/assay
COPY requirements.txt pyproject.toml README.md ./
COPY client client
COPY app app
COPY sandbox sandbox
RUN /opt/assay/bin/pip install --no-cache-dir -c requirements.txt ./client '.[embedded,sympy]'

# Stage 2: that environment alone, run by an ordinary user.
FROM python:3.12-slim
RUN useradd --uid 10001 --create-home assay && mkdir /data && chown assay /data
COPY --from=build /opt/assay /opt/assay
ENV PATH=/opt/assay/bin:$PATH PYTHONUNBUFFERED=1 ASSAY_DATA_DIR=/data ASSAY_HOST=0.0.0.0
USER assay
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["assay"]
CMD ["serve"]
