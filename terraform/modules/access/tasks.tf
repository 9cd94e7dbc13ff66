# A role for each task. Prefect's server and the dashboards ask nothing of AWS: their roles are empty.
locals {
  # Named apart from their policies, which speak of what runs with the roles.
  tasks = toset(["prefect", "worker", "flow", "mlflow", "api", "dashboards", "sql"])
  policies = {
    worker = [data.aws_iam_policy_document.start_flows.json]
    flow = [
      data.aws_iam_policy_document.write_lake.json,
      data.aws_iam_policy_document.run_jobs.json,
      data.aws_iam_policy_document.send_mail.json,
    ]
    mlflow = [data.aws_iam_policy_document.keep_models.json]
    api    = [data.aws_iam_policy_document.read_lake.json]
    sql    = [data.aws_iam_policy_document.read_lake.json]
  }
}

data "aws_iam_policy_document" "ecs_tasks" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "task" {
  for_each = local.tasks

  name                 = "${var.name}-${each.key}"
  path                 = local.role_path
  description          = "What the task ${each.key} may do"
  assume_role_policy   = data.aws_iam_policy_document.ecs_tasks.json
  permissions_boundary = aws_iam_policy.boundary.arn
}

data "aws_iam_policy_document" "task" {
  for_each = local.policies

  source_policy_documents = each.value
}

resource "aws_iam_role_policy" "task" {
  for_each = local.policies

  name   = "task"
  role   = aws_iam_role.task[each.key].id
  policy = data.aws_iam_policy_document.task[each.key].json
}

# The driver and executors of a Spark job.
data "aws_iam_policy_document" "emr_serverless" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["emr-serverless.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [var.application_arn]
    }
  }
}

resource "aws_iam_role" "job" {
  name                 = "${var.name}-job"
  path                 = local.role_path
  description          = "What a Spark job may do"
  assume_role_policy   = data.aws_iam_policy_document.emr_serverless.json
  permissions_boundary = aws_iam_policy.boundary.arn
}

data "aws_iam_policy_document" "job" {
  source_policy_documents = [
    data.aws_iam_policy_document.write_lake.json,
    data.aws_iam_policy_document.job_logs.json,
    data.aws_iam_policy_document.catalogue.json,
    data.aws_iam_policy_document.send_mail.json, # it mails the report
  ]
}

resource "aws_iam_role_policy" "job" {
  name   = "job"
  role   = aws_iam_role.job.id
  policy = data.aws_iam_policy_document.job.json
}
