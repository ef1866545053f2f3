"""What an MPIJob's launcher is told, by whose `mpirun` it is, and how it reaches the workers.

The hostfile and the first variables are the MPI operator's (reference pai-contract 1.2). On one
machine nobody runs an sshd: there `worker/mpi.py` stands in for it, named by `mpi_agent`, and the
further variables keep `mpirun` to the loopback interface and off the first cores
(measured with Open MPI 4.1 and 5.0, MPICH 4 and 5, and Intel MPI 2021: docs/jobs.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.spec.model import JobOptions

SSHD = ("/usr/sbin/sshd", "-De")
_AGENT = 'exec "$MILLWORK_PYTHON" -I -S "$MILLWORK_WORKER/mpi.py"'
_LOCAL: Mapping[str, Mapping[str, str]] = {
    "openmpi": {
        "OMPI_MCA_plm_rsh_agent": "{agent}",
        "PRTE_MCA_plm_ssh_agent": "{agent}",
        "OMPI_MCA_btl_tcp_if_include": "lo",
        "OMPI_MCA_hwloc_base_binding_policy": "none",
        "PRTE_MCA_hwloc_default_binding_policy": "none",
        "OMPI_MCA_mpi_yield_when_idle": "1",
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    },
    "mpich": {"HYDRA_LAUNCHER": "ssh", "HYDRA_LAUNCHER_EXEC": "{agent}", "HYDRA_IFACE": "lo"},
    "intel": {
        "I_MPI_HYDRA_BOOTSTRAP": "ssh",
        "I_MPI_HYDRA_BOOTSTRAP_EXEC": "{agent}",
        "I_MPI_HYDRA_IFACE": "lo",
        "I_MPI_PIN": "0",
        "I_MPI_THREAD_YIELD": "3",
    },
}


def variables(options: JobOptions) -> dict[str, str]:
    """What the launcher's environment says to `mpirun`."""
    told = {"K_MPI_JOB_ROLE": "launcher", **_hosts(options)}
    if options.mpi_agent:
        agent = f"{options.mpi_folder}/ssh"
        told |= {name: text.format(agent=agent) for name, text in _LOCAL[options.mpi].items()}
    return told


def files(hosts: list[str], options: JobOptions) -> dict[str, str]:
    """The hostfile, the script by which elastic Horovod asks for hosts, and what is run as ssh."""
    form = "{} slots={}\n" if options.mpi == "openmpi" else "{}:{}\n"
    echoes = "".join(f"echo {host}:{options.slots}\n" for host in hosts)
    found = {
        "hostfile": "".join(form.format(host, options.slots) for host in hosts),
        "discover_hosts.sh": f"#!/bin/sh\n{echoes}",
    }
    if options.mpi_agent:
        found["ssh"] = f'#!/bin/sh\n{_AGENT} rsh "{options.mpi_agent}" "$@"\n'
    return {f"{options.mpi_folder}/{name}": text for name, text in found.items()}


def worker(options: JobOptions, address: str) -> tuple[str, ...]:
    """What a worker runs: it waits for the launcher to log in."""
    if not options.mpi_agent:
        return SSHD
    script = f'mkdir -p -m 700 "$1" && {_AGENT} serve "$1/$2.sock"'
    return ("sh", "-c", script, "serve", options.mpi_agent, address)


def as_host(options: JobOptions, address: str) -> tuple[str, ...]:
    """The words before a launcher that works too, so that `mpirun` finds itself in the hostfile."""
    return ("sh", "-c", f'{_AGENT} host "$0" "$@"', address) if options.mpi_agent else ()


def _hosts(options: JobOptions) -> dict[str, str]:
    """As the MPI operator sets them; Open MPI 5 does not read 4's name of the hostfile."""
    hostfile, slots = f"{options.mpi_folder}/hostfile", str(options.slots)
    if options.mpi == "intel":
        return {"I_MPI_HYDRA_HOST_FILE": hostfile, "I_MPI_PERHOST": slots}
    if options.mpi == "mpich":
        return {"HYDRA_HOST_FILE": hostfile}
    return {
        "OMPI_MCA_orte_default_hostfile": hostfile,
        "PRTE_MCA_prte_default_hostfile": hostfile,
        "OMPI_MCA_orte_keep_fqdn_hostnames": "true",
        "OMPI_MCA_plm_rsh_args": "-o ConnectionAttempts=10",
        "OMPI_MCA_orte_set_default_slots": slots,
    }
