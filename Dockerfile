# The program in a container:
#   docker build --tag imgconv .
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/work" imgconv apply in.png out.png -k sharpen
# OpenCV is the flavour without windows, which needs no libraries of a desktop.
FROM python:3.13-slim-bookworm AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# The base image fixes Debian's release, and with it the compiler's.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends g++ \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY kernels kernels
COPY imgconv imgconv
ENV IMGCONV_REQUIRE_NATIVE=1
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && python -m venv /opt/imgconv \
    && python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
        | sed 's/^opencv-python\b/opencv-python-headless/' > requirements.txt \
    && /opt/imgconv/bin/pip install --no-cache-dir --no-compile --only-binary=:all: --requirement requirements.txt \
    && /opt/imgconv/bin/pip install --no-cache-dir --no-compile --no-deps /wheels/*.whl \
    && /opt/imgconv/bin/pip uninstall --yes pip
# What every run imports is compiled; tests of the libraries, a tenth of all, stay behind.
WORKDIR /opt/imgconv/lib/python3.13/site-packages
RUN find . -type d -name tests -prune -exec rm -rf {} + \
    && python -m compileall -q imgconv click yaml numpy cv2

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="imgconv" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin imgconv
COPY --from=build /opt/imgconv /opt/imgconv
ENV PATH=/opt/imgconv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /work
USER 10001
ENTRYPOINT ["imgconv"]
CMD ["--help"]
