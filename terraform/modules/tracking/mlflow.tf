# MLflow's server. It hands models through itself, so that no client needs the artifacts bucket for them.
locals {
  mlflow_host = "mlflow.${var.domain}"
}

module "mlflow" {
  source = "../service"

  name           = var.name
  service        = "mlflow"
  image          = var.image
  repository_arn = var.repository_arn
  cpu            = var.mlflow.cpu
  memory         = var.mlflow.memory
  desired_count  = 1
  port           = var.port

  command = [
    "mlflow", "server", "--host", "0.0.0.0", "--port", tostring(var.port), "--workers", "2",
    "--backend-store-uri", "postgresql:///",
    "--artifacts-destination", "s3://${var.artifacts_bucket}/mlflow", "--serve-artifacts",
    "--allowed-hosts", join(",", [local.mlflow_host, "mlflow.${var.vpc.namespace}:${var.port}"]),
  ]

  # libpq reads these, so the password is part of no address.
  environment = {
    PGHOST                   = aws_db_instance.main.address
    PGPORT                   = tostring(local.port)
    PGDATABASE               = local.databases.mlflow
    PGSSLMODE                = "require"
    MLFLOW_DISABLE_TELEMETRY = "true"
    # A new password makes a new task definition, and so new tasks.
    DATABASE_PASSWORD_VERSION = tostring(var.password_version)
  }
  secrets = {
    PGUSER     = "${aws_secretsmanager_secret_version.database.arn}:username::"
    PGPASSWORD = "${aws_secretsmanager_secret_version.database.arn}:password::"
  }

  callers = var.tracking_clients
  calls   = { database = local.port }

  route = {
    host        = local.mlflow_host
    priority    = 20
    health_path = "/health"
    login       = true
  }
  load_balancer = var.load_balancer
  login         = var.login

  cluster_arn   = var.cluster_arn
  task_role_arn = var.task_role_arn
  boundary_arn  = var.boundary_arn
  vpc_id        = var.vpc.id
  vpc_cidr      = var.vpc.cidr
  subnet_ids    = var.vpc.private_subnet_ids
  namespace_id  = var.vpc.namespace_id
  key_arn       = var.key_arn
  log_days      = var.log_days
}
