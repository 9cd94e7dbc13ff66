# Starting runs and jobs, reading a job's log, and sending reports.
data "aws_iam_policy_document" "start_flows" {
  statement {
    sid       = "StartFlows"
    actions   = ["ecs:RunTask"]
    resources = ["arn:aws:ecs:${local.region}:${local.account}:task-definition/${var.flow.family}:*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [var.cluster.arn]
    }
  }

  statement {
    sid       = "FollowFlows"
    actions   = ["ecs:DescribeTasks", "ecs:StopTask"]
    resources = ["arn:aws:ecs:${local.region}:${local.account}:task/${var.cluster.name}/*"]
  }

  # A run's tags are set as its task starts.
  statement {
    sid       = "NameFlows"
    actions   = ["ecs:TagResource"]
    resources = ["arn:aws:ecs:${local.region}:${local.account}:task/${var.cluster.name}/*"]

    condition {
      test     = "StringEquals"
      variable = "ecs:CreateAction"
      values   = ["RunTask"]
    }
  }

  # This action takes no resource.
  statement {
    sid       = "ReadDefinition"
    actions   = ["ecs:DescribeTaskDefinition"]
    resources = ["*"]
  }

  statement {
    sid       = "AsFlow"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.task["flow"].arn, var.flow.execution_role_arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "run_jobs" {
  statement {
    sid = "RunJobs"
    actions = [
      "emr-serverless:GetApplication",
      "emr-serverless:ListJobRuns",
      "emr-serverless:StartApplication",
      "emr-serverless:StartJobRun",
    ]
    resources = [var.application_arn]
  }

  statement {
    sid = "FollowJobs"
    actions = [
      "emr-serverless:CancelJobRun",
      "emr-serverless:GetDashboardForJobRun",
      "emr-serverless:GetJobRun",
    ]
    resources = ["${var.application_arn}/jobruns/*"]
  }

  statement {
    sid       = "AsJob"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.job.arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["emr-serverless.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "job_logs" {
  statement {
    sid       = "WriteJobLogs"
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = [var.spark_log_group_arn, "${var.spark_log_group_arn}:*"]
  }

  # This action takes no narrower resource.
  statement {
    sid       = "FindLogGroup"
    actions   = ["logs:DescribeLogGroups"]
    resources = ["arn:aws:logs:${local.region}:${local.account}:*"]
  }
}

data "aws_iam_policy_document" "send_mail" {
  statement {
    sid       = "SendReports"
    actions   = ["ses:SendEmail", "ses:SendRawEmail"]
    resources = var.mail_identity_arns

    condition {
      test     = "StringEquals"
      variable = "ses:FromAddress"
      values   = [var.mail_sender]
    }
  }
}
