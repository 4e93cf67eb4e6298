output "contract" {
  description = "The machine as the platform's contract holds it."
  value = {
    address    = var.address
    roles      = var.roles
    cores      = var.cores
    memory_gib = var.memory_gib
    disks      = [for disk in var.disks : { serial = disk.serial, tier = disk.tier, gib = disk.gib }]
  }
  # Nobody may be told of a machine that is not there.
  depends_on = [libvirt_domain.node]
}
