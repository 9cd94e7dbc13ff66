# What people and programs read. All act with roles that only read.
module "api" {
  source = "../service"

  name           = var.name
  service        = "api"
  image          = var.images.api
  repository_arn = var.repository_arns.api
  cpu            = var.sizes.api.cpu
  memory         = var.sizes.api.memory
  desired_count  = var.counts.api
  port           = local.ports.api
  task_role_arn  = var.task_role_arns.api

  command = [
    "python", "-m", "gridcast.main", "serve", "api", "--host", "0.0.0.0", "--port", tostring(local.ports.api),
  ]
  environment = local.gridcast
  secrets     = local.api_keys

  callers = { dashboards = module.dashboards.security_group_id }

  # Programs cannot log in at a page: they bring a key. Where the API is not public, it has no host.
  route = var.api_public ? {
    host = local.host.api, priority = 40, health_path = "/v1/health", login = false
  } : null
  load_balancer = var.load_balancer

  cluster_arn  = aws_ecs_cluster.main.arn
  boundary_arn = var.boundary_arn
  vpc_id       = var.vpc.id
  vpc_cidr     = var.vpc.cidr
  subnet_ids   = var.vpc.private_subnet_ids
  namespace_id = var.vpc.namespace_id
  key_arn      = var.key_arn
  log_days     = var.log_days
}

module "dashboards" {
  source = "../service"

  name           = var.name
  service        = "dashboards"
  image          = var.images.dashboards
  repository_arn = var.repository_arns.dashboards
  cpu            = var.sizes.dashboards.cpu
  memory         = var.sizes.dashboards.memory
  desired_count  = var.counts.dashboards
  port           = local.ports.dashboards
  task_role_arn  = var.task_role_arns.dashboards

  command = [
    "python", "-m", "gridcast.main", "serve", "dashboards", "--host", "0.0.0.0",
    "--port", tostring(local.ports.dashboards), "--api", local.inside.api, "--mlflow", var.mlflow.page,
  ]
  secrets = local.api_keys
  calls   = { api = local.ports.api }

  route = {
    host = local.host.dashboards, priority = 30, health_path = "/_stcore/health", login = true, sticky = true
  }
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

# There is no password: security groups decide who reaches it, and its role reads only.
module "sql" {
  source = "../service"

  name           = var.name
  service        = "sql"
  image          = var.images.full
  repository_arn = var.repository_arns.full
  cpu            = var.sizes.sql.cpu
  memory         = var.sizes.sql.memory
  desired_count  = var.counts.sql
  port           = local.ports.sql
  task_role_arn  = var.task_role_arns.sql

  command = [
    "python", "-m", "gridcast.main", "serve", "sql", "--host", "0.0.0.0", "--port", tostring(local.ports.sql),
  ]
  environment = local.gridcast

  callers = var.sql_callers

  cluster_arn  = aws_ecs_cluster.main.arn
  boundary_arn = var.boundary_arn
  vpc_id       = var.vpc.id
  vpc_cidr     = var.vpc.cidr
  subnet_ids   = var.vpc.private_subnet_ids
  namespace_id = var.vpc.namespace_id
  key_arn      = var.key_arn
  log_days     = var.log_days
}
