output "contract" {
  description = "Everything that comes after Terraform reads this and nothing else."
  value = {
    nodes         = { for name, node in module.node : name => node.contract }
    ssh_user      = var.ssh_user
    ssh_key       = var.ssh_key
    proxy_command = var.proxy_command
    domain        = var.foundations.domain
  }
}
