# One task of Gridcast on Fargate: its definition, who may talk to it, and, unless it only runs on
# demand, the service that keeps it up.
locals {
  full_name = "${var.name}-${var.service}"
  serves    = var.port > 0
  routed    = local.serves && var.route != null
}

data "aws_region" "current" {}

resource "aws_cloudwatch_log_group" "task" {
  name              = "/${var.name}/${var.service}"
  retention_in_days = var.log_days
  kms_key_id        = var.key_arn
}

resource "aws_ecs_task_definition" "task" {
  # checkov:skip=CKV_AWS_336:Prefect, MLflow, Streamlit and Spark write below their home and /tmp; the container runs as an unprivileged user
  family                   = local.full_name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = var.task_role_arn

  ephemeral_storage {
    size_in_gib = var.storage_gib
  }

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  container_definitions = jsonencode([merge(var.command == null ? {} : { command = var.command }, {
    name        = var.service
    image       = var.image
    essential   = true
    stopTimeout = 120
    environment = [for key, value in var.environment : { name = key, value = value }]
    secrets     = [for key, arn in var.secrets : { name = key, valueFrom = arn }]
    portMappings = local.serves ? [{
      containerPort = var.port
      protocol      = "tcp"
    }] : []
    linuxParameters = { initProcessEnabled = true }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.task.name
        awslogs-region        = data.aws_region.current.region
        awslogs-stream-prefix = var.service
      }
    }
  })])
}

resource "aws_ecs_service" "task" {
  count = var.desired_count == null ? 0 : 1

  name                               = var.service
  cluster                            = var.cluster_arn
  task_definition                    = aws_ecs_task_definition.task.arn
  desired_count                      = var.desired_count
  launch_type                        = "FARGATE"
  enable_execute_command             = false
  propagate_tags                     = "SERVICE"
  deployment_minimum_healthy_percent = var.one_at_most ? 0 : 100
  deployment_maximum_percent         = var.one_at_most ? 100 : 200
  health_check_grace_period_seconds  = local.routed ? 180 : null

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [aws_security_group.task.id]
    assign_public_ip = false
  }

  # A deployment whose tasks do not come up goes back to the one before.
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  dynamic "load_balancer" {
    for_each = local.routed ? [1] : []
    content {
      target_group_arn = aws_lb_target_group.task[0].arn
      container_name   = var.service
      container_port   = var.port
    }
  }

  dynamic "service_registries" {
    for_each = local.serves ? [1] : []
    content {
      registry_arn = aws_service_discovery_service.task[0].arn
    }
  }

  depends_on = [aws_lb_listener_rule.task]
}

# SERVICE.NAMESPACE leads to the tasks, inside the VPC only.
resource "aws_service_discovery_service" "task" {
  count = local.serves ? 1 : 0

  name = var.service

  dns_config {
    namespace_id   = var.namespace_id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = 10
    }
  }
}
