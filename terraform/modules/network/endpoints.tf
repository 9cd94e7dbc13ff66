# AWS's services without the internet. S3 costs nothing; each of the others is billed by the hour and
# zone, so live-testing may leave them out and goes through NAT.
data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

data "aws_iam_policy_document" "s3_endpoint" {
  # checkov:skip=CKV_AWS_108:an endpoint policy narrows what roles already allow; it grants nothing
  # checkov:skip=CKV_AWS_109:the same
  # checkov:skip=CKV_AWS_111:the same
  # checkov:skip=CKV_AWS_283:the principal is bound to this account by aws:PrincipalAccount
  # checkov:skip=CKV_AWS_356:the same; buckets are bound by aws:ResourceAccount
  # checkov:skip=CKV_AWS_1:the same
  statement {
    sid       = "OwnBuckets"
    actions   = ["s3:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }

  # Layers of container images lie in buckets of AWS.
  statement {
    sid     = "ImageLayers"
    actions = ["s3:GetObject"]
    resources = [
      "arn:aws:s3:::prod-${data.aws_region.current.region}-starport-layer-bucket/*",
    ]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
  }
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.main.id
  service_name      = "com.amazonaws.${data.aws_region.current.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [for table in aws_route_table.private : table.id]
  policy            = data.aws_iam_policy_document.s3_endpoint.json

  tags = { Name = "${var.name}-s3" }
}

resource "aws_vpc_endpoint" "service" {
  for_each = var.interface_endpoints

  vpc_id              = aws_vpc.main.id
  service_name        = "com.amazonaws.${data.aws_region.current.region}.${each.value}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [aws_security_group.endpoints.id]

  tags = { Name = "${var.name}-${each.value}" }
}

resource "aws_security_group" "endpoints" {
  # checkov:skip=CKV2_AWS_5:attached to the interface endpoints, of which an environment may have none
  name        = "${var.name}-endpoints"
  description = "Endpoints of AWS services"
  vpc_id      = aws_vpc.main.id

  tags = { Name = "${var.name}-endpoints" }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  security_group_id = aws_security_group.endpoints.id
  description       = "TLS from the VPC"
  cidr_ipv4         = var.cidr
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}
