# A scientist's server: JupyterLab, the packages of the starter notebooks, the warehouse's helper.
# `nereus images build notebook`. BASE and BUILD_BASE are those of jupyterhub/Dockerfile.
ARG BASE
ARG BUILD_BASE=${BASE}

FROM ${BUILD_BASE} AS build
COPY tools/image_environment.sh locks/image-build.txt locks/notebooks.txt /locks/
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=secret,id=uv.toml,target=/etc/uv/uv.toml \
    --mount=type=secret,id=ca.pem,target=/run/secrets/ca.pem \
    /locks/image_environment.sh notebooks.txt

FROM ${BASE}
RUN rm -rf /usr/local/lib/python3.11/site-packages/* /usr/local/bin/pip*
COPY --from=build /opt/nereus /opt/nereus
COPY jupyterhub/nereus_notebook /opt/notebook/nereus_notebook
COPY jupyterhub/nereus_start /opt/notebook/nereus_start
COPY jupyterhub/lab /opt/notebook/lab
COPY usecases /opt/usecases
ENV PATH=/opt/nereus/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/opt/notebook \
    PYTHONDONTWRITEBYTECODE=1 \
    JUPYTER_CONFIG_PATH=/opt/notebook/lab \
    JUPYTERHUB_SINGLEUSER_APP=jupyter_server.serverapp.ServerApp \
    OMP_NUM_THREADS=1 \
    MPLBACKEND=module://matplotlib_inline.backend_inline \
    MPLCONFIGDIR=/tmp/matplotlib \
    HOME=/home/jovyan
WORKDIR /home/jovyan
RUN chown 1000:100 /home/jovyan
USER 1000:100
EXPOSE 8888
CMD ["python3", "-m", "nereus_start"]
