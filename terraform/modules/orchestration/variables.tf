variable "name" {
  description = "Name of the environment's resources, such as gridcast-prod."
  type        = string
}

variable "domain" {
  description = "Domain of the pages, such as gridcast.example.org."
  type        = string
}

variable "images" {
  description = "Images by target: full (Prefect, Spark, TensorFlow), api, dashboards."
  type = object({
    full       = string
    api        = string
    dashboards = string
  })
}

variable "repository_arns" {
  description = "ARNs of the images' ECR repositories."
  type = object({
    full       = string
    api        = string
    dashboards = string
  })
}

variable "sizes" {
  description = "CPU units and memory in MiB of each task."
  type = object({
    prefect    = object({ cpu = number, memory = number })
    worker     = object({ cpu = number, memory = number })
    flow       = object({ cpu = number, memory = number })
    api        = object({ cpu = number, memory = number })
    dashboards = object({ cpu = number, memory = number })
    sql        = object({ cpu = number, memory = number })
  })
}

variable "counts" {
  description = "How many tasks of each serving part run."
  type = object({
    api        = number
    dashboards = number
    sql        = number
  })

  validation {
    condition     = alltrue([for count in values(var.counts) : count >= 0 && count <= 10])
    error_message = "counts are 0 to 10."
  }
}

variable "flow_storage_gib" {
  description = "Ephemeral disk of a flow run in GiB."
  type        = number
}

variable "work_pool" {
  description = "Name of Prefect's ECS work pool, as deployments/prefect.yaml has it."
  type        = string
}

variable "gridcast_environment" {
  description = "GRIDCAST_ variables of every program beside profile and lakehouse."
  type        = map(string)

  validation {
    condition     = alltrue([for key in keys(var.gridcast_environment) : startswith(key, "GRIDCAST_")])
    error_message = "gridcast_environment holds variables that begin with GRIDCAST_."
  }
}

variable "flow_environment" {
  description = "Further variables of flow runs: mail, EMR Serverless."
  type        = map(string)
}

variable "api_public" {
  description = "Whether the API has a host at the load balancer; callers bring a key."
  type        = bool
}

variable "sql_callers" {
  description = "Security groups that may reach the SQL server, by name."
  type        = map(string)
  default     = {}
}

variable "container_insights" {
  description = "CloudWatch's metrics of containers: disabled, enabled or enhanced."
  type        = string

  validation {
    condition     = contains(["disabled", "enabled", "enhanced"], var.container_insights)
    error_message = "container_insights is disabled, enabled or enhanced; it is '${var.container_insights}'."
  }
}

variable "lakehouse_bucket" {
  description = "Name of the bucket of the Delta tables."
  type        = string
}

variable "database" {
  description = "Prefect's database, and the secret with its user and password."
  type = object({
    host             = string
    port             = number
    name             = string
    secret_arn       = string
    password_version = number
  })
}

variable "mlflow" {
  description = "Where MLflow answers: in the VPC, with its port, and its page."
  type = object({
    internal = string
    port     = number
    page     = string
  })
}

variable "task_role_arns" {
  description = "The role that each task acts with."
  type = object({
    prefect    = string
    worker     = string
    flow       = string
    api        = string
    dashboards = string
    sql        = string
  })
}

variable "boundary_arn" {
  description = "ARN of the permissions boundary of every role of the environment."
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

variable "key_arn" {
  description = "ARN of the environment's KMS key."
  type        = string
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
}

variable "protected" {
  description = "Whether the secret can be brought back for 30 days; else it is gone at once."
  type        = bool
}
