# Spark without servers: an application that starts with a job and stops when it is idle.
locals {
  log_group = "/${var.name}/spark"
  logs      = "s3://${var.artifacts_bucket}/spark-logs"
}

resource "aws_cloudwatch_log_group" "spark" {
  name              = local.log_group
  retention_in_days = var.log_days
  kms_key_id        = var.key_arn
}

resource "aws_emrserverless_application" "spark" {
  name          = "${var.name}-spark"
  release_label = var.release
  type          = "spark"
  architecture  = "X86_64"

  image_configuration {
    image_uri = var.image
  }

  auto_start_configuration {
    enabled = true
  }

  auto_stop_configuration {
    enabled              = true
    idle_timeout_minutes = var.idle_minutes
  }

  # The most that all jobs together may take, and so the most that they may cost in an hour.
  maximum_capacity {
    cpu    = "${var.capacity.vcpu} vCPU"
    memory = "${var.capacity.memory_gb} GB"
    disk   = "${var.capacity.disk_gb} GB"
  }

  # Kept warm between jobs only where asked for: it is billed while the application is started.
  dynamic "initial_capacity" {
    for_each = var.warm_workers
    content {
      initial_capacity_type = initial_capacity.key

      initial_capacity_config {
        worker_count = initial_capacity.value

        worker_configuration {
          cpu    = "${var.worker.vcpu} vCPU"
          memory = "${var.worker.memory_gb} GB"
          disk   = "${var.worker.disk_gb} GB"
        }
      }
    }
  }

  scheduler_configuration {
    max_concurrent_runs   = var.max_concurrent_runs
    queue_timeout_minutes = 120
  }

  network_configuration {
    subnet_ids         = var.subnet_ids
    security_group_ids = [aws_security_group.spark.id]
  }

  runtime_configuration {
    classification = "spark-defaults"
    properties     = merge(local.spark_defaults, var.spark_options)
  }

  monitoring_configuration {
    cloudwatch_logging_configuration {
      enabled                = true
      log_group_name         = aws_cloudwatch_log_group.spark.name
      log_stream_name_prefix = "jobs"

      log_types {
        name   = "SPARK_DRIVER"
        values = ["STDOUT", "STDERR"]
      }

      log_types {
        name   = "SPARK_EXECUTOR"
        values = ["STDERR"]
      }
    }

    # Drivers' and executors' logs: a failed task tells the end of its driver's.
    s3_monitoring_configuration {
      log_uri            = "${local.logs}/"
      encryption_key_arn = var.key_arn
    }

    # Event logs, with AWS's own key: Spark's page of a job is made from them and from no others.
    managed_persistence_monitoring_configuration {
      enabled = true
    }
  }
}
