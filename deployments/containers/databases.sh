#!/bin/sh
# A database and its owner for Prefect and for MLflow. PostgreSQL's image runs this in an empty data
# folder; it uses psql's own variables (PGHOST …) elsewhere.
set -eu

make() {
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
        --set name="$1" --set password="$2" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
SQL
}

make prefect "${PREFECT_DATABASE_PASSWORD:?is needed}"
make mlflow "${MLFLOW_DATABASE_PASSWORD:?is needed}"
