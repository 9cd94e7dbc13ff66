# An environment of Gridcast. This file is the same for all: they differ in terraform.tfvars and
# backend.hcl alone.
locals {
  name           = "gridcast-${var.environment}"
  registry       = "${var.account_id}.dkr.ecr.${var.region}.amazonaws.com/gridcast"
  repository_arn = "arn:aws:ecr:${var.region}:${var.account_id}:repository/gridcast"
  targets        = ["full", "api", "dashboards", "spark", "scorer"]
  images         = { for target in local.targets : target => "${local.registry}/${target}:${var.image_tag}" }
  repositories   = { for target in local.targets : target => "${local.repository_arn}/${target}" }
  login_pages    = ["prefect", "mlflow", "dashboards"]
  mlflow_port    = 5000
}

module "access" {
  source = "../../modules/access"

  name                = local.name
  environment         = var.environment
  repository          = var.repository
  reader              = var.reader
  state               = var.state
  repository_arns     = values(local.repositories)
  zone_id             = var.zone_id
  domain              = var.domain
  pages               = local.login_pages
  buckets             = module.lake.buckets
  databases           = module.lake.databases
  application_arn     = module.spark.application.arn
  spark_log_group_arn = module.spark.log_group.arn
  cluster             = module.orchestration.cluster
  flow                = module.orchestration.flow
  mail_sender         = module.mail.sender
  mail_identity_arns  = module.mail.identity_arns
  protected           = var.protected
}

module "network" {
  source = "../../modules/network"

  name                = local.name
  cidr                = var.network.cidr
  availability_zones  = [for zone in var.network.zones : "${var.region}${zone}"]
  nat_per_zone        = var.network.nat_per_zone
  interface_endpoints = var.network.interface_endpoints
  flow_log_traffic    = var.network.flow_log_traffic
  allowed_cidrs       = var.network.allowed_cidrs
  web_acl_arn         = var.network.web_acl_arn
  domain              = var.domain
  zone_id             = var.zone_id
  hosts               = concat(local.login_pages, var.api_public ? ["api"] : [])
  logs_bucket         = module.lake.logs_bucket
  key_arn             = module.access.key_arn
  boundary_arn        = module.access.boundary_arn
  log_days            = var.log_days
  protected           = var.protected
}

module "lake" {
  source = "../../modules/lake"

  name              = local.name
  key_arn           = module.access.key_arn
  old_versions_days = var.old_versions_days
  log_days          = var.log_days
  protected         = var.protected
  keeper_arns       = var.keeper_arns
}

module "spark" {
  source = "../../modules/spark"

  name                = local.name
  release             = var.spark.release
  image               = local.images.spark
  capacity            = var.spark.capacity
  worker              = var.spark.worker
  warm_workers        = var.spark.warm_workers
  idle_minutes        = var.spark.idle_minutes
  max_concurrent_runs = var.spark.max_concurrent_runs
  spark_options       = var.spark.options
  artifacts_bucket    = module.lake.buckets.artifacts.name
  vpc_id              = module.network.vpc.id
  vpc_cidr            = module.network.vpc.cidr
  subnet_ids          = module.network.vpc.private_subnet_ids
  tracking_port       = local.mlflow_port
  key_arn             = module.access.key_arn
  log_days            = var.log_days
}

module "tracking" {
  source = "../../modules/tracking"

  name             = local.name
  database         = var.database
  password_version = var.password_version
  database_clients = { prefect = module.orchestration.security_group_ids.prefect }
  image            = local.images.full
  repository_arn   = local.repositories.full
  mlflow           = var.sizes.mlflow
  port             = local.mlflow_port
  tracking_clients = {
    flow  = module.orchestration.security_group_ids.flow
    spark = module.spark.security_group_id
  }
  artifacts_bucket = module.lake.buckets.artifacts.name
  domain           = var.domain
  vpc              = module.network.vpc
  load_balancer    = module.network.load_balancer
  login            = module.access.login
  cluster_arn      = module.orchestration.cluster.arn
  task_role_arn    = module.access.task_role_arns.mlflow
  boundary_arn     = module.access.boundary_arn
  key_arn          = module.access.key_arn
  log_days         = var.log_days
  protected        = var.protected
}

module "orchestration" {
  source = "../../modules/orchestration"

  name                 = local.name
  domain               = var.domain
  images               = local.images
  repository_arns      = local.repositories
  sizes                = var.sizes
  counts               = var.counts
  flow_storage_gib     = var.flow_storage_gib
  work_pool            = var.work_pool
  gridcast_environment = var.gridcast_environment
  flow_environment = {
    GRIDCAST_MAIL_TRANSPORT  = "ses"
    GRIDCAST_MAIL_SENDER     = module.mail.sender
    GRIDCAST_MAIL_RECIPIENTS = jsonencode(var.mail_recipients)
    GRIDCAST_SES_REGION      = var.region
    GRIDCAST_SPARK_RUNNER    = var.spark.runner
    GRIDCAST_EMR_APPLICATION = module.spark.application.id
    GRIDCAST_EMR_ROLE        = module.access.job_role_arn
    GRIDCAST_EMR_ENTRY       = "local:///app/deployments/spark/step.py"
    GRIDCAST_EMR_LOGS        = module.spark.logs
    GRIDCAST_EMR_REGION      = var.region
  }
  api_public         = var.api_public
  sql_callers        = var.sql_callers
  container_insights = var.container_insights
  lakehouse_bucket   = module.lake.buckets.lakehouse.name
  database           = module.tracking.database
  mlflow = {
    internal = module.tracking.mlflow.internal
    page     = module.tracking.mlflow.page
    port     = local.mlflow_port
  }
  task_role_arns = module.access.task_role_arns
  boundary_arn   = module.access.boundary_arn
  vpc            = module.network.vpc
  load_balancer  = module.network.load_balancer
  login          = module.access.login
  key_arn        = module.access.key_arn
  log_days       = var.log_days
  protected      = var.protected
}

module "mail" {
  source = "../../modules/mail"

  name      = local.name
  domain    = var.domain
  zone_id   = var.zone_id
  topic_arn = module.observability.topic_arn
}

module "observability" {
  source = "../../modules/observability"

  name                 = local.name
  environment          = var.environment
  recipients           = var.alarm_recipients
  budget_usd           = var.budget_usd
  database_identifier  = module.tracking.database.identifier
  load_balancer_metric = module.network.load_balancer_metric
  target_groups = merge(
    module.orchestration.target_groups,
    { mlflow = module.tracking.mlflow.target_group },
  )
  nat_gateway_ids = module.network.nat_gateway_ids
  flow_log_group  = module.orchestration.flow.log_group
  application_id  = module.spark.application.id
  cluster_arn     = module.orchestration.cluster.arn
  key_arn         = module.access.key_arn
}
