variable "name" {
  description = "Name of the environment's resources, such as gridcast-prod."
  type        = string
}

variable "service" {
  description = "Name of the task, such as api; also its host in the namespace and its container."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z-]{1,15}$", var.service))
    error_message = "service is 2 to 16 lower-case letters and hyphens; it is '${var.service}'."
  }
}

variable "image" {
  description = "The container image with its tag or digest."
  type        = string
}

variable "repository_arn" {
  description = "ARN of the ECR repository of the image."
  type        = string
}

variable "command" {
  description = "The command; null takes the image's own."
  type        = list(string)
  default     = null
}

variable "environment" {
  description = "Environment variables that are no secrets."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Environment variables from Secrets Manager: the ARN of a secret, with :key:: for one key of it."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for arn in values(var.secrets) : startswith(arn, "arn:")])
    error_message = "secrets holds ARNs of Secrets Manager, never values."
  }
}

variable "cpu" {
  description = "CPU units; 1024 are one vCPU."
  type        = number

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.cpu)
    error_message = "Fargate takes 256, 512, 1024, 2048, 4096, 8192 or 16384 CPU units; cpu is ${var.cpu}."
  }
}

variable "memory" {
  description = "Memory in MiB, of the steps that Fargate allows for the CPU."
  type        = number

  validation {
    # The least and the most that Fargate takes for the CPU.
    condition = var.memory >= lookup({ 256 = 512, 512 = 1024 }, var.cpu, 2 * var.cpu) && var.memory <= lookup(
      { 256 = 2048, 512 = 4096, 1024 = 8192, 2048 = 16384, 4096 = 30720, 8192 = 61440 }, var.cpu, 122880
    )
    error_message = "Fargate does not take ${var.memory} MiB with ${var.cpu} CPU units: about two to eight times as many."
  }
}

variable "storage_gib" {
  description = "Ephemeral disk in GiB."
  type        = number
  default     = 21

  validation {
    condition     = var.storage_gib >= 21 && var.storage_gib <= 200
    error_message = "Fargate takes 21 to 200 GiB; storage_gib is ${var.storage_gib}."
  }
}

variable "desired_count" {
  description = "How many tasks run; null makes the definition only, for tasks that are run on demand."
  type        = number
  default     = null
  nullable    = true
}

variable "one_at_most" {
  description = "Whether the old task ends before a new one starts, for services that must be alone."
  type        = bool
  default     = false
}

variable "port" {
  description = "The port it listens at; 0 where it listens nowhere."
  type        = number
  default     = 0

  validation {
    condition     = var.port == 0 || (var.port >= 1024 && var.port <= 65535)
    error_message = "An unprivileged container listens at 1024 or above; port is ${var.port}."
  }
}

variable "callers" {
  description = "Security groups that may reach the port, by the name of the caller."
  type        = map(string)
  default     = {}
}

variable "calls" {
  description = "Ports in the VPC that it calls besides TLS, by the name of who is called."
  type        = map(number)
  default     = {}
}

variable "route" {
  description = "How the load balancer leads to it; null where it does not."
  type = object({
    host        = string
    priority    = number
    health_path = string
    login       = bool
    sticky      = optional(bool, false)
  })
  default = null
}

variable "load_balancer" {
  description = "Listener and security group of the load balancer."
  type = object({
    listener_arn      = string
    security_group_id = string
  })
  default = null
}

variable "login" {
  description = "The Cognito user pool that people log in with."
  type = object({
    user_pool_arn = string
    client_id     = string
    domain        = string
  })
  default = null
}

variable "cluster_arn" {
  description = "ARN of the ECS cluster."
  type        = string
}

variable "task_role_arn" {
  description = "ARN of the role that the task acts with."
  type        = string
}

variable "boundary_arn" {
  description = "ARN of the permissions boundary of every role of the environment."
  type        = string
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "vpc_cidr" {
  description = "Its address range."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets for the tasks."
  type        = list(string)
}

variable "namespace_id" {
  description = "The private DNS namespace."
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
