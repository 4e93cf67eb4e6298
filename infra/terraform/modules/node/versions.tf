terraform {
  required_version = ">= 1.9.0"
  required_providers {
    libvirt = {
      source = "dmacvicar/libvirt"
    }
  }
}
