output "pages" {
  description = "Where people and programs come in."
  value       = merge(module.orchestration.pages, { mlflow = module.tracking.mlflow.page })
}

output "work_pool" {
  description = "Job variables of Prefect's ECS work pool."
  value       = module.orchestration.work_pool
}

output "spark" {
  description = "What the runner of Spark jobs needs."
  value = {
    application_id = module.spark.application.id
    job_role_arn   = module.access.job_role_arn
    log_group      = module.spark.log_group.name
  }
}

output "buckets" {
  description = "Names of the lake's buckets."
  value       = { for key, bucket in module.lake.buckets : key => bucket.name }
}

output "cluster" {
  description = "Name of the ECS cluster."
  value       = module.orchestration.cluster.name
}

output "deploy_role_arn" {
  description = "ARN of the role that GitHub deploys with: a variable of the GitHub environment."
  value       = module.access.deploy_role_arn
}

output "reader_role_arn" {
  description = "ARN of the role that GitHub reads the lakehouse with: a variable of the GitHub environment that reader names."
  value       = module.access.reader_role_arn
}

output "user_pool_id" {
  description = "Where an administrator makes accounts of people."
  value       = module.access.user_pool_id
}
