variable "name" {
  description = "Name of the environment's resources, such as gridcast-prod."
  type        = string
}

variable "database" {
  description = "Size of the database, whether a second zone stands by, and days of backups."
  type = object({
    instance_class = string
    storage_gb     = number
    two_zones      = bool
    backup_days    = number
  })

  validation {
    condition     = var.database.storage_gb >= 20 && var.database.backup_days >= 1 && var.database.backup_days <= 35
    error_message = "database has 20 GB or more and 1 to 35 days of backups."
  }
}

variable "password_version" {
  description = "Raise it to give the database a new password."
  type        = number
  default     = 1
}

variable "database_clients" {
  description = "Security groups that may reach the database besides MLflow's, by name."
  type        = map(string)
}

variable "image" {
  description = "Image that MLflow's server runs from."
  type        = string
}

variable "repository_arn" {
  description = "ARN of the ECR repository of the image."
  type        = string
}

variable "mlflow" {
  description = "CPU units and memory in MiB of MLflow's server."
  type = object({
    cpu    = number
    memory = number
  })
}

variable "port" {
  description = "Port of MLflow in the VPC."
  type        = number
}

variable "tracking_clients" {
  description = "Security groups that may log to MLflow, by name."
  type        = map(string)
}

variable "artifacts_bucket" {
  description = "Name of the bucket for models."
  type        = string
}

variable "domain" {
  description = "Domain of the pages; MLflow's is mlflow.DOMAIN."
  type        = string
}

variable "vpc" {
  description = "The VPC: id, address range, private subnets, private DNS namespace."
  type = object({
    id                 = string
    cidr               = string
    private_subnet_ids = list(string)
    namespace_id       = string
    namespace          = string
  })
}

variable "load_balancer" {
  description = "Listener and security group of the load balancer."
  type = object({
    listener_arn      = string
    security_group_id = string
  })
}

variable "login" {
  description = "The Cognito user pool that people log in with."
  type = object({
    user_pool_arn = string
    client_id     = string
    domain        = string
  })
}

variable "cluster_arn" {
  description = "ARN of the ECS cluster."
  type        = string
}

variable "task_role_arn" {
  description = "ARN of the role that MLflow's server acts with."
  type        = string
}

variable "boundary_arn" {
  description = "ARN of the permissions boundary of every role of the environment."
  type        = string
}

variable "key_arn" {
  description = "ARN of the environment's KMS key."
  type        = string
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
}

variable "protected" {
  description = "Whether the database is kept from deletion."
  type        = bool
}
