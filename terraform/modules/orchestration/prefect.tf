# Prefect: its server, and a worker that starts a task for each flow run.
module "prefect" {
  source = "../service"

  name           = var.name
  service        = "prefect"
  image          = var.images.full
  repository_arn = var.repository_arns.full
  cpu            = var.sizes.prefect.cpu
  memory         = var.sizes.prefect.memory
  desired_count  = 1
  # Its scheduler and its automations are to run once.
  one_at_most   = true
  port          = local.ports.prefect
  task_role_arn = var.task_role_arns.prefect

  command = ["prefect", "server", "start", "--host", "0.0.0.0", "--port", tostring(local.ports.prefect)]

  environment = {
    PREFECT_SERVER_DATABASE_DRIVER   = "postgresql+asyncpg"
    PREFECT_SERVER_DATABASE_HOST     = var.database.host
    PREFECT_SERVER_DATABASE_PORT     = tostring(var.database.port)
    PREFECT_SERVER_DATABASE_NAME     = var.database.name
    PREFECT_SERVER_UI_API_URL        = "https://${local.host.prefect}/api"
    PREFECT_SERVER_ANALYTICS_ENABLED = "false"
    DATABASE_PASSWORD_VERSION        = tostring(var.database.password_version)
  }
  secrets = {
    PREFECT_SERVER_DATABASE_USER     = "${var.database.secret_arn}:username::"
    PREFECT_SERVER_DATABASE_PASSWORD = "${var.database.secret_arn}:password::"
  }

  callers = {
    worker = module.worker.security_group_id
    flow   = module.flow.security_group_id
  }
  calls = { database = var.database.port }

  route         = { host = local.host.prefect, priority = 10, health_path = "/api/health", login = true }
  load_balancer = var.load_balancer
  login         = var.login

  cluster_arn  = aws_ecs_cluster.main.arn
  boundary_arn = var.boundary_arn
  vpc_id       = var.vpc.id
  vpc_cidr     = var.vpc.cidr
  subnet_ids   = var.vpc.private_subnet_ids
  namespace_id = var.vpc.namespace_id
  key_arn      = var.key_arn
  log_days     = var.log_days
}

# It asks the server for work and starts a task of 'flow' for each run; it reads no table itself.
module "worker" {
  source = "../service"

  name           = var.name
  service        = "worker"
  image          = var.images.full
  repository_arn = var.repository_arns.full
  cpu            = var.sizes.worker.cpu
  memory         = var.sizes.worker.memory
  desired_count  = 1
  task_role_arn  = var.task_role_arns.worker

  # It makes the pool and registers the deployments as it starts.
  command = ["python", "-m", "gridcast.containers", "worker"]
  environment = merge(local.prefect_client, {
    WORK_POOL           = var.work_pool
    WORK_POOL_VARIABLES = jsonencode(local.work_pool_variables)
    # It would read a queue of ECS's events. A run whose task died is found by its heartbeats.
    PREFECT_INTEGRATIONS_AWS_ECS_OBSERVER_ENABLED = "false"
  })
  calls = { prefect = local.ports.prefect }

  cluster_arn  = aws_ecs_cluster.main.arn
  boundary_arn = var.boundary_arn
  vpc_id       = var.vpc.id
  vpc_cidr     = var.vpc.cidr
  subnet_ids   = var.vpc.private_subnet_ids
  namespace_id = var.vpc.namespace_id
  key_arn      = var.key_arn
  log_days     = var.log_days
}

# A flow run: the definition alone. The worker starts it.
module "flow" {
  source = "../service"

  name           = var.name
  service        = "flow"
  image          = var.images.full
  repository_arn = var.repository_arns.full
  cpu            = var.sizes.flow.cpu
  memory         = var.sizes.flow.memory
  storage_gib    = var.flow_storage_gib
  task_role_arn  = var.task_role_arns.flow

  environment = merge(local.gridcast, local.prefect_client, var.flow_environment, {
    GRIDCAST_MLFLOW_TRACKING  = var.mlflow.internal
    GRIDCAST_MLFLOW_ARTIFACTS = "mlflow-artifacts:/"
    # deployments/automations.yaml takes a run that is silent for two minutes for dead.
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY = "30"
    # Prefect's page links there. Not to the API, which asks for a key.
    GRIDCAST_PAGES = jsonencode({ dashboards = "https://${local.host.dashboards}", mlflow = var.mlflow.page })
  })
  calls = { prefect = local.ports.prefect, mlflow = var.mlflow.port }

  cluster_arn  = aws_ecs_cluster.main.arn
  boundary_arn = var.boundary_arn
  vpc_id       = var.vpc.id
  vpc_cidr     = var.vpc.cidr
  subnet_ids   = var.vpc.private_subnet_ids
  namespace_id = var.vpc.namespace_id
  key_arn      = var.key_arn
  log_days     = var.log_days
}
