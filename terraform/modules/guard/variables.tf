variable "protected" {
  description = "Whether plans that destroy or replace what is held are refused."
  type        = bool
}

variable "holds" {
  description = "Identifiers of the resources to protect, by a name for each."
  type        = map(string)

  validation {
    condition     = length(var.holds) > 0
    error_message = "A guard holds at least one resource; holds is empty."
  }
}
