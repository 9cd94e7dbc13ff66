output "vpc" {
  description = "The VPC: id, address range, private subnets, private DNS namespace."
  value = {
    id                 = aws_vpc.main.id
    cidr               = aws_vpc.main.cidr_block
    private_subnet_ids = [for subnet in aws_subnet.private : subnet.id]
    namespace_id       = aws_service_discovery_private_dns_namespace.main.id
    namespace          = aws_service_discovery_private_dns_namespace.main.name
  }
}

output "load_balancer" {
  description = "Listener and security group, for the services' rules."
  value = {
    listener_arn      = aws_lb_listener.tls.arn
    security_group_id = aws_security_group.load_balancer.id
  }
}

output "load_balancer_metric" {
  description = "The part of the load balancer's ARN that metrics carry."
  value       = aws_lb.main.arn_suffix
}

output "nat_gateway_ids" {
  description = "The NAT gateways, for their alarms."
  value       = [for gateway in aws_nat_gateway.main : gateway.id]
}
