output "cluster" {
  description = "Name and ARN of the ECS cluster."
  value = {
    name = aws_ecs_cluster.main.name
    arn  = aws_ecs_cluster.main.arn
  }
}

output "security_group_ids" {
  description = "Security groups of the tasks that call the database and MLflow."
  value = {
    prefect = module.prefect.security_group_id
    flow    = module.flow.security_group_id
  }
}

output "flow" {
  description = "What the worker starts: family of the definition, the role that starts it, its log group."
  value = {
    family             = module.flow.family
    execution_role_arn = module.flow.execution_role_arn
    log_group          = module.flow.log_group
  }
}

output "work_pool" {
  description = "Job variables of Prefect's ECS work pool."
  value       = local.work_pool_variables
}

output "target_groups" {
  description = "Names of the services' target groups in metrics; without those that have no host."
  # Its keys are known before anything is made, as for_each needs them.
  value = merge(
    { prefect = module.prefect.target_group, dashboards = module.dashboards.target_group },
    var.api_public ? { api = module.api.target_group } : {},
  )
}

output "pages" {
  description = "Where people and programs come in."
  value = { for page, host in local.host : page => "https://${host}"
  if page != "api" || var.api_public }
}
