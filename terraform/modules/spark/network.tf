# Workers of one application talk to each other, to AWS by TLS, and to MLflow. Nobody calls them.
resource "aws_security_group" "spark" {
  # checkov:skip=CKV2_AWS_5:the workers of the EMR Serverless application have it
  name        = "${var.name}-spark"
  description = "Workers of EMR Serverless"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-spark" }
}

resource "aws_vpc_security_group_ingress_rule" "workers" {
  # checkov:skip=CKV_AWS_25:from the same security group only; Spark chooses its ports
  security_group_id            = aws_security_group.spark.id
  description                  = "Between driver and executors"
  referenced_security_group_id = aws_security_group.spark.id
  from_port                    = 1024
  to_port                      = 65535
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "workers" {
  security_group_id            = aws_security_group.spark.id
  description                  = "Between driver and executors"
  referenced_security_group_id = aws_security_group.spark.id
  from_port                    = 1024
  to_port                      = 65535
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "tls" {
  security_group_id = aws_security_group.spark.id
  description       = "TLS: AWS"
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "tracking" {
  security_group_id = aws_security_group.spark.id
  description       = "MLflow in the VPC"
  cidr_ipv4         = var.vpc_cidr
  from_port         = var.tracking_port
  to_port           = var.tracking_port
  ip_protocol       = "tcp"
}
