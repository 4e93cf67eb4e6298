resource "libvirt_network" "machines" {
  name      = var.platform
  mode      = "nat"
  bridge    = var.bridge
  domain    = var.domain
  addresses = [var.network_cidr]
  autostart = true

  dhcp {
    enabled = true
  }

  dns {
    enabled    = true
    local_only = true
  }
}
