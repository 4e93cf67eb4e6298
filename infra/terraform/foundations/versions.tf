# Foundations are made once and rarely change: the pool of disks, the network, the base images. Their state is apart
# from the machines', so that work on a machine can never touch them.
terraform {
  required_version = ">= 1.9.0"
  required_providers {
    libvirt = {
      source  = "dmacvicar/libvirt"
      version = "0.8.3"
    }
  }
}

provider "libvirt" {
  uri = var.libvirt_uri
}
