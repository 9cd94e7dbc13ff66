variable "name" {
  description = "Name of the environment's resources, such as gridcast-prod."
  type        = string
}

variable "release" {
  description = "Release label of EMR Serverless; the README says which Spark it carries."
  type        = string

  validation {
    condition     = can(regex("^emr-(spark-)?[0-9]+\\.[0-9]+\\.[0-9]+$", var.release))
    error_message = "release is a label such as emr-spark-8.2.0; it is '${var.release}'."
  }
}

variable "image" {
  description = "Image of the jobs, built on the release's own image: deployments/Dockerfile's target emr."
  type        = string
}

variable "capacity" {
  description = "The most that all jobs together may take."
  type = object({
    vcpu      = number
    memory_gb = number
    disk_gb   = number
  })

  validation {
    condition     = var.capacity.vcpu >= 8 && var.capacity.memory_gb >= 2 * var.capacity.vcpu
    error_message = "capacity needs 8 vCPU (a driver and an executor) and 2 GB of memory for each vCPU."
  }
}

variable "worker" {
  description = "Size of a driver or executor."
  type = object({
    vcpu      = number
    memory_gb = number
    disk_gb   = number
  })

  validation {
    condition     = contains([1, 2, 4, 8, 16], var.worker.vcpu) && var.worker.memory_gb >= 2 * var.worker.vcpu && var.worker.disk_gb >= 20 && var.worker.disk_gb <= 200
    error_message = "A worker has 1, 2, 4, 8 or 16 vCPU, 2 GB of memory or more for each, and 20 to 200 GB of disk."
  }
}

variable "warm_workers" {
  description = "Workers kept ready while the application is started, by type (Driver, Executor); empty for none."
  type        = map(number)

  validation {
    condition     = alltrue([for kind in keys(var.warm_workers) : contains(["Driver", "Executor"], kind)])
    error_message = "warm_workers has the keys Driver and Executor, or none."
  }
}

variable "idle_minutes" {
  description = "Minutes without a job after which the application stops."
  type        = number

  validation {
    condition     = var.idle_minutes >= 1 && var.idle_minutes <= 10080
    error_message = "idle_minutes is 1 to 10080; it is ${var.idle_minutes}."
  }
}

variable "max_concurrent_runs" {
  description = "Jobs that run at once; further ones wait."
  type        = number
}

variable "spark_options" {
  description = "Spark settings beside, or instead of, those of settings.tf."
  type        = map(string)
  default     = {}
}

variable "artifacts_bucket" {
  description = "Name of the bucket for the logs of jobs."
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
  description = "Private subnets for the workers."
  type        = list(string)
}

variable "tracking_port" {
  description = "Port of MLflow in the VPC."
  type        = number
}

variable "key_arn" {
  description = "ARN of the environment's KMS key."
  type        = string
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
}
