output "holds" {
  description = "What is protected: empty where nothing is."
  value       = var.protected ? keys(var.holds) : []
}
