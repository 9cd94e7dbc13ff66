# PostgreSQL for Prefect and MLflow. Its password is made by AWS, kept in Secrets Manager, and never
# in Terraform's state: write-only arguments.
resource "aws_secretsmanager_secret" "database" {
  # checkov:skip=CKV2_AWS_57:the servers read the password when they start; raise password_version, apply, and they start anew
  name                    = "${var.name}/database"
  description             = "User and password of the database of Prefect and MLflow"
  kms_key_id              = var.key_arn
  recovery_window_in_days = var.protected ? 30 : 0
}

ephemeral "aws_secretsmanager_random_password" "database" {
  password_length     = 40
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret_version" "database" {
  secret_id = aws_secretsmanager_secret.database.id
  secret_string_wo = jsonencode({
    username = local.user
    password = ephemeral.aws_secretsmanager_random_password.database.random_password
  })
  secret_string_wo_version = var.password_version
}

# Read back, so that secret and database agree although each run makes a new random one.
ephemeral "aws_secretsmanager_secret_version" "database" {
  secret_id  = aws_secretsmanager_secret_version.database.secret_id
  version_id = aws_secretsmanager_secret_version.database.version_id
}

locals {
  user = "gridcast"
  port = 5432
  # Prefect has the first database; MLflow keeps its tables in the one that each server has.
  databases = { prefect = "prefect", mlflow = "postgres" }
}

resource "aws_db_subnet_group" "main" {
  name        = var.name
  description = "Private subnets of ${var.name}"
  subnet_ids  = var.vpc.private_subnet_ids
}

resource "aws_security_group" "database" {
  name        = "${var.name}-database"
  description = "PostgreSQL of ${var.name}"
  vpc_id      = var.vpc.id

  tags = { Name = "${var.name}-database" }
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = merge(var.database_clients, { mlflow = module.mlflow.security_group_id })

  security_group_id            = aws_security_group.database.id
  description                  = "From ${each.key}"
  referenced_security_group_id = each.value
  from_port                    = local.port
  to_port                      = local.port
  ip_protocol                  = "tcp"
}

resource "aws_db_parameter_group" "main" {
  name_prefix = "${var.name}-"
  description = "TLS only; statements that change the schema, and slow ones, are logged"
  family      = "postgres17"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "log_statement"
    value = "ddl"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "database" {
  name              = "/aws/rds/instance/${var.name}/postgresql"
  retention_in_days = var.log_days
  kms_key_id        = var.key_arn
}

resource "aws_db_instance" "main" {
  # checkov:skip=CKV_AWS_157:two zones where the environment asks for them; live-testing does not
  # checkov:skip=CKV_AWS_293:deletion protection where the environment is protected; live-testing is not
  identifier     = var.name
  engine         = "postgres"
  engine_version = "17"
  instance_class = var.database.instance_class

  allocated_storage     = var.database.storage_gb
  max_allocated_storage = var.database.storage_gb * 4
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = var.key_arn

  db_name                             = local.databases.prefect
  port                                = local.port
  username                            = local.user
  password_wo                         = jsondecode(ephemeral.aws_secretsmanager_secret_version.database.secret_string)["password"]
  password_wo_version                 = var.password_version
  iam_database_authentication_enabled = true
  ca_cert_identifier                  = "rds-ca-rsa2048-g1"

  db_subnet_group_name   = aws_db_subnet_group.main.name
  vpc_security_group_ids = [aws_security_group.database.id]
  parameter_group_name   = aws_db_parameter_group.main.name
  publicly_accessible    = false
  multi_az               = var.database.two_zones

  backup_retention_period     = var.database.backup_days
  backup_window               = "23:00-23:45"
  maintenance_window          = "sun:02:00-sun:03:00"
  auto_minor_version_upgrade  = true
  allow_major_version_upgrade = false
  copy_tags_to_snapshot       = true
  deletion_protection         = var.protected
  skip_final_snapshot         = !var.protected
  final_snapshot_identifier   = var.protected ? "${var.name}-final" : null

  enabled_cloudwatch_logs_exports       = ["postgresql"]
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = var.key_arn
  performance_insights_retention_period = 7
  monitoring_interval                   = 60
  monitoring_role_arn                   = aws_iam_role.monitoring.arn

  depends_on = [aws_cloudwatch_log_group.database]
}

module "guard" {
  source = "../guard"

  protected = var.protected
  holds     = { database = aws_db_instance.main.id }
}

data "aws_iam_policy_document" "monitoring" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["monitoring.rds.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "monitoring" {
  name                 = "${var.name}-database-metrics"
  path                 = "/${var.name}/"
  description          = "Writes the database's own metrics"
  assume_role_policy   = data.aws_iam_policy_document.monitoring.json
  permissions_boundary = var.boundary_arn
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}
