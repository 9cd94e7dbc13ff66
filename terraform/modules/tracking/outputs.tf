output "database" {
  description = "Where Prefect's database is, and the secret with its user and password."
  value = {
    host       = aws_db_instance.main.address
    port       = local.port
    name       = local.databases.prefect
    secret_arn = aws_secretsmanager_secret_version.database.arn
    identifier = aws_db_instance.main.identifier
    # Users of the password name it, so that they start anew with a new one.
    password_version = var.password_version
  }
}

output "mlflow" {
  description = "Where MLflow answers in the VPC and for people, and the name of its target group in metrics."
  value = {
    internal     = "http://mlflow.${var.vpc.namespace}:${var.port}"
    page         = "https://${local.mlflow_host}"
    target_group = module.mlflow.target_group
  }
}
