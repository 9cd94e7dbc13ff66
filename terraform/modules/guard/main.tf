# prevent_destroy takes no variable, so it stands on a resource that only protected environments
# have. It is replaced or destroyed with what it holds, and a plan that would do so is refused.
resource "terraform_data" "guard" {
  count = var.protected ? 1 : 0

  triggers_replace = var.holds

  lifecycle {
    prevent_destroy = true
  }
}
