# The ECS cluster, and what runs on it: Prefect's server and worker, flow runs, API, dashboards, SQL.
locals {
  ports = { prefect = 4200, api = 8000, dashboards = 8501, sql = 10000 }
  inside = {
    prefect = "http://prefect.${var.vpc.namespace}:${local.ports.prefect}/api"
    api     = "http://api.${var.vpc.namespace}:${local.ports.api}"
  }
  host = { for page in ["prefect", "dashboards", "api"] : page => "${page}.${var.domain}" }

  # What every program of Gridcast reads. Its settings refuse GRIDCAST_ variables that they do not know.
  gridcast = merge(
    { GRIDCAST_PROFILE = "aws", GRIDCAST_LAKEHOUSE = "s3://${var.lakehouse_bucket}" },
    var.gridcast_environment,
  )
  prefect_client = {
    PREFECT_API_URL                  = local.inside.prefect
    PREFECT_SERVER_ANALYTICS_ENABLED = "false"
    DO_NOT_TRACK                     = "1"
  }
  # Job variables of the pool 'gridcast-ecs' in deployments/prefect.yaml.
  work_pool_variables = {
    cluster             = aws_ecs_cluster.main.arn
    launch_type         = "FARGATE"
    task_definition_arn = module.flow.task_definition_arn
    container_name      = "flow"
    vpc_id              = var.vpc.id
    network_configuration = {
      subnets        = var.vpc.private_subnet_ids
      securityGroups = [module.flow.security_group_id]
      assignPublicIp = "DISABLED"
    }
  }
  api_keys = { GRIDCAST_API_KEYS = aws_secretsmanager_secret_version.api_keys.arn }
}

resource "aws_ecs_cluster" "main" {
  # checkov:skip=CKV_AWS_65:container_insights of the environment decides; it is enabled in both
  name = var.name

  setting {
    name  = "containerInsights"
    value = var.container_insights
  }
}

resource "aws_ecs_cluster_capacity_providers" "main" {
  cluster_name       = aws_ecs_cluster.main.name
  capacity_providers = ["FARGATE"]
}

# One key to begin with, a JSON list as the API wants it. Add or change keys in Secrets Manager and
# start the services anew.
resource "aws_secretsmanager_secret" "api_keys" {
  # checkov:skip=CKV2_AWS_57:its readers are people and programs elsewhere; a key is changed when they can follow
  name                    = "${var.name}/api-keys"
  description             = "Keys of the HTTP API: a JSON list"
  kms_key_id              = var.key_arn
  recovery_window_in_days = var.protected ? 30 : 0
}

ephemeral "aws_secretsmanager_random_password" "api_key" {
  password_length     = 40
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret_version" "api_keys" {
  secret_id                = aws_secretsmanager_secret.api_keys.id
  secret_string_wo         = jsonencode([ephemeral.aws_secretsmanager_random_password.api_key.random_password])
  secret_string_wo_version = 1
}
