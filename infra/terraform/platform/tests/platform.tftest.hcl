# The provider's schema is the real one; nothing is created.
mock_provider "libvirt" {}

variables {
  libvirt_uri    = "qemu:///system"
  ssh_public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA test"
  ssh_key        = "/keys/ops"
  console_path   = "/var/log/nereus"
  foundations = {
    pool         = "nereus"
    network_id   = "6d0e5b4a-0000-4000-8000-000000000000"
    network_cidr = "10.77.0.0/24"
    domain       = "nereus.internal"
    images       = { "0123456789ab" = "/pool/base-0123456789ab.qcow2" }
  }
  nodes = {
    "node-0" = {
      address = "10.77.0.10", roles = ["server"], cores = 16, memory_gib = 119, root_gib = 40, image = "0123456789ab"
      disks = [
        { serial = "hot-0", tier = "hot", gib = 3072 },
        { serial = "cache-0", tier = "cache", gib = 512 },
      ]
    }
    "node-1" = {
      address = "10.77.0.11", roles = ["agent"], cores = 16, memory_gib = 119, root_gib = 40, image = "0123456789ab"
      disks   = [{ serial = "hot-0", tier = "hot", gib = 3072 }]
    }
  }
}

run "machines_get_what_was_asked_for" {
  command = plan

  assert {
    condition     = module.node["node-0"].contract.disks[1].serial == "cache-0"
    error_message = "The contract keeps the order of the disks."
  }
}

run "the_contract_is_complete" {
  command = apply

  # Data disks can be lost by no plan, so what a test makes of them must stay in its own, thrown-away state.
  variables {
    nodes = {
      "node-0" = {
        address = "10.77.0.10", roles = ["server"], cores = 1, memory_gib = 1.5, root_gib = 4, image = "0123456789ab", disks = []
      }
    }
  }
  assert {
    condition     = output.contract.nodes["node-0"].memory_gib == 1.5
    error_message = "The contract says ${output.contract.nodes["node-0"].memory_gib} GiB."
  }
  assert {
    condition     = output.contract.ssh_user == "ops" && output.contract.domain == "nereus.internal"
    error_message = "The contract lacks how machines are reached."
  }
}

run "two_nodes_with_one_address_are_refused" {
  command = plan
  variables {
    nodes = {
      "a" = { address = "10.77.0.10", roles = ["server"], cores = 1, memory_gib = 1, root_gib = 4, image = "0123456789ab", disks = [] }
      "b" = { address = "10.77.0.10", roles = ["agent"], cores = 1, memory_gib = 1, root_gib = 4, image = "0123456789ab", disks = [] }
    }
  }
  expect_failures = [var.nodes]
}

run "an_address_outside_of_the_network_is_refused" {
  command = plan
  variables {
    nodes = {
      "a" = { address = "10.78.0.10", roles = ["server"], cores = 1, memory_gib = 1, root_gib = 4, image = "0123456789ab", disks = [] }
    }
  }
  expect_failures = [var.nodes]
}

run "two_servers_are_refused" {
  command = plan
  variables {
    nodes = {
      "a" = { address = "10.77.0.10", roles = ["server"], cores = 1, memory_gib = 1, root_gib = 4, image = "0123456789ab", disks = [] }
      "b" = { address = "10.77.0.11", roles = ["server"], cores = 1, memory_gib = 1, root_gib = 4, image = "0123456789ab", disks = [] }
    }
  }
  expect_failures = [var.nodes]
}

run "an_image_that_is_not_there_is_refused" {
  command = plan
  variables {
    nodes = {
      "a" = { address = "10.77.0.10", roles = ["server"], cores = 1, memory_gib = 1, root_gib = 4, image = "ffffffffffff", disks = [] }
    }
  }
  expect_failures = [var.nodes]
}

run "no_machine_at_all_is_refused" {
  command = plan
  variables { nodes = {} }
  expect_failures = [var.nodes]
}

run "another_virtualisation_is_refused" {
  command = plan
  variables { domain_type = "xen" }
  expect_failures = [var.domain_type]
}
