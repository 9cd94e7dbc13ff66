# GitHub's workflows deploy with this role: without a key of their own, and only from the GitHub
# environment of the same name, whose rules (who approves) are GitHub's.
locals {
  # Services whose resources carry no name in their ARN, or one that AWS makes.
  services = [
    "acm", "application-autoscaling", "cloudwatch", "cognito-idp", "ec2", "ecs", "elasticloadbalancing",
    "emr-serverless", "events", "glue", "kms", "logs", "rds", "secretsmanager", "servicediscovery", "ses",
    "sns", "wafv2",
  ]
}

data "aws_iam_policy_document" "github" {
  # checkov:skip=CKV_AWS_358:the claim is one repository and one environment; checkov does not follow the variable, whose validation asks for OWNER/NAME
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = ["arn:aws:iam::${local.account}:oidc-provider/token.actions.githubusercontent.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.repository}:environment:${var.environment}"]
    }
  }
}

resource "aws_iam_role" "deploy" {
  name                 = "${var.name}-deploy"
  path                 = "/deploy/"
  description          = "GitHub deploys ${var.environment} with it"
  assume_role_policy   = data.aws_iam_policy_document.github.json
  max_session_duration = 7200
}

data "aws_iam_policy_document" "deploy" {
  # checkov:skip=CKV_AWS_107:Terraform manages these services; the region, the environment's tag and the Deny statements bound it
  # checkov:skip=CKV_AWS_108:the same
  # checkov:skip=CKV_AWS_109:the same
  # checkov:skip=CKV_AWS_110:roles can be made only below one path and with the boundary
  # checkov:skip=CKV_AWS_111:the same as the first
  # checkov:skip=CKV_AWS_356:the same as the first
  statement {
    sid       = "Manage"
    actions   = [for service in local.services : "${service}:*"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = [local.region]
    }
  }

  statement {
    sid       = "Buckets"
    actions   = ["s3:*"]
    resources = ["arn:aws:s3:::${var.name}-*"]
  }

  statement {
    sid       = "State"
    actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = ["${var.state.bucket_arn}/${var.environment}/*"]
  }

  statement {
    sid       = "StateBucket"
    actions   = ["s3:ListBucket"]
    resources = [var.state.bucket_arn]
  }

  statement {
    sid       = "StateKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.state.key_arn]
  }

  statement {
    sid       = "Hosts"
    actions   = ["route53:ChangeResourceRecordSets", "route53:GetHostedZone", "route53:ListResourceRecordSets"]
    resources = ["arn:aws:route53:::hostedzone/${var.zone_id}"]
  }

  # The zone of the private namespace is made and removed by Cloud Map in our name.
  statement {
    sid = "Namespace"
    actions = [
      "route53:CreateHostedZone",
      "route53:DeleteHostedZone",
      "route53:GetChange",
      "route53:GetHostedZone",
      "route53:ListHostedZonesByName",
      "route53:ListTagsForResource",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "Budget"
    actions   = ["budgets:*"]
    resources = ["arn:aws:budgets::${local.account}:budget/${var.name}"]
  }

  # Images are pushed by whoever deploys live-testing; prod takes the same images.
  statement {
    sid       = "RegistryToken"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid = "Images"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:CompleteLayerUpload",
      "ecr:DescribeImages",
      "ecr:GetDownloadUrlForLayer",
      "ecr:InitiateLayerUpload",
      "ecr:ListImages",
      "ecr:PutImage",
      "ecr:UploadLayerPart",
    ]
    resources = var.repository_arns
  }
}

data "aws_iam_policy_document" "deploy_roles" {
  # checkov:skip=CKV_AWS_109:roles below one path, made only with the boundary
  # checkov:skip=CKV_AWS_110:the same
  # checkov:skip=CKV_AWS_111:the same
  # checkov:skip=CKV_AWS_356:the Deny statements speak of everything on purpose
  statement {
    sid       = "MakeBoundedRoles"
    actions   = ["iam:CreateRole", "iam:PutRolePermissionsBoundary"]
    resources = [local.role_arns]

    condition {
      test     = "StringEquals"
      variable = "iam:PermissionsBoundary"
      values   = [aws_iam_policy.boundary.arn]
    }
  }

  statement {
    sid = "KeepRoles"
    actions = [
      "iam:AttachRolePolicy",
      "iam:DeleteRole",
      "iam:DeleteRolePolicy",
      "iam:DetachRolePolicy",
      "iam:GetRole",
      "iam:GetRolePolicy",
      "iam:ListAttachedRolePolicies",
      "iam:ListInstanceProfilesForRole",
      "iam:ListRolePolicies",
      "iam:PassRole",
      "iam:PutRolePolicy",
      "iam:TagRole",
      "iam:UntagRole",
      "iam:UpdateAssumeRolePolicy",
      "iam:UpdateRole",
    ]
    resources = [local.role_arns]
  }

  # Itself, the reading role and the boundary it may read, not change: that needs an administrator.
  statement {
    sid = "ReadItself"
    actions = [
      "iam:GetPolicy",
      "iam:GetPolicyVersion",
      "iam:GetRole",
      "iam:GetRolePolicy",
      "iam:ListAttachedRolePolicies",
      "iam:ListPolicyVersions",
      "iam:ListRolePolicies",
    ]
    resources = [aws_iam_role.deploy.arn, aws_iam_role.reader.arn, aws_iam_policy.boundary.arn]
  }

  statement {
    sid       = "ServiceLinkedRoles"
    actions   = ["iam:CreateServiceLinkedRole"]
    resources = ["arn:aws:iam::${local.account}:role/aws-service-role/*"]
  }

  # Environments may share an account: what is tagged as another's stays untouched.
  statement {
    sid       = "NotAnother"
    effect    = "Deny"
    actions   = ["*"]
    resources = ["*"]

    condition {
      test     = "StringNotEquals"
      variable = "aws:ResourceTag/Environment"
      values   = [var.environment]
    }

    condition {
      test     = "Null"
      variable = "aws:ResourceTag/Environment"
      values   = ["false"]
    }
  }

  dynamic "statement" {
    for_each = var.protected ? [1] : []
    content {
      sid    = "KeepData"
      effect = "Deny"
      actions = [
        "cognito-idp:DeleteUserPool",
        "kms:DisableKey",
        "kms:ScheduleKeyDeletion",
        "rds:DeleteDBInstance",
        "rds:DeleteDBSnapshot",
        "s3:DeleteBucket",
        "s3:DeleteObjectVersion",
        "secretsmanager:DeleteSecret",
      ]
      resources = ["*"]
    }
  }
}

resource "aws_iam_role_policy" "deploy" {
  # checkov:skip=CKV_AWS_355:see the policy document
  # checkov:skip=CKV_AWS_290:see the policy document
  for_each = {
    manage = data.aws_iam_policy_document.deploy.json
    roles  = data.aws_iam_policy_document.deploy_roles.json
  }

  name   = each.key
  role   = aws_iam_role.deploy.id
  policy = each.value
}
