# Who may talk to the task, and to whom it may talk.
resource "aws_security_group" "task" {
  name        = local.full_name
  description = "Tasks of ${local.full_name}"
  vpc_id      = var.vpc_id

  tags = { Name = local.full_name }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "callers" {
  # checkov:skip=CKV_AWS_24:from one security group to one port; a task without a port has no rule
  # checkov:skip=CKV_AWS_25:the same
  # checkov:skip=CKV_AWS_260:the same
  for_each = local.serves ? var.callers : {}

  security_group_id            = aws_security_group.task.id
  description                  = "From ${each.key}"
  referenced_security_group_id = each.value
  from_port                    = var.port
  to_port                      = var.port
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  # checkov:skip=CKV_AWS_24:from the load balancer's security group to one port; a task without a port has no rule
  # checkov:skip=CKV_AWS_25:the same
  # checkov:skip=CKV_AWS_260:the same
  count = local.routed ? 1 : 0

  security_group_id            = aws_security_group.task.id
  description                  = "From the load balancer"
  referenced_security_group_id = var.load_balancer.security_group_id
  from_port                    = var.port
  to_port                      = var.port
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "load_balancer" {
  count = local.routed ? 1 : 0

  security_group_id            = var.load_balancer.security_group_id
  description                  = "To ${local.full_name}"
  referenced_security_group_id = aws_security_group.task.id
  from_port                    = var.port
  to_port                      = var.port
  ip_protocol                  = "tcp"
}

# AWS's services through their endpoints, the energy and weather sources through NAT: all by TLS.
resource "aws_vpc_security_group_egress_rule" "tls" {
  security_group_id = aws_security_group.task.id
  description       = "TLS: AWS endpoints and, through NAT, the sources"
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "inside" {
  for_each = var.calls

  security_group_id = aws_security_group.task.id
  description       = "To ${each.key} in the VPC"
  cidr_ipv4         = var.vpc_cidr
  from_port         = each.value
  to_port           = each.value
  ip_protocol       = "tcp"
}

resource "aws_lb_target_group" "task" {
  # checkov:skip=CKV_AWS_378:TLS ends at the load balancer; behind it only security groups of this VPC reach the task, and a certificate per task would need a private CA
  count = local.routed ? 1 : 0

  name                 = substr(local.full_name, 0, 32)
  port                 = var.port
  protocol             = "HTTP"
  target_type          = "ip"
  vpc_id               = var.vpc_id
  deregistration_delay = 30

  health_check {
    path                = var.route.health_path
    matcher             = "200"
    interval            = 15
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 4
  }

  # A Streamlit session lives in one task's memory.
  stickiness {
    type    = "lb_cookie"
    enabled = var.route.sticky
  }
}

resource "aws_lb_listener_rule" "task" {
  count = local.routed ? 1 : 0

  listener_arn = var.load_balancer.listener_arn
  priority     = var.route.priority

  dynamic "action" {
    for_each = var.route.login ? [1] : []
    content {
      type  = "authenticate-cognito"
      order = 1

      authenticate_cognito {
        user_pool_arn              = var.login.user_pool_arn
        user_pool_client_id        = var.login.client_id
        user_pool_domain           = var.login.domain
        on_unauthenticated_request = "authenticate"
        session_timeout            = 28800
      }
    }
  }

  action {
    type             = "forward"
    order            = 2
    target_group_arn = aws_lb_target_group.task[0].arn
  }

  condition {
    host_header {
      values = [var.route.host]
    }
  }
}
