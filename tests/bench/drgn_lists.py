# SPDX-License-Identifier: GPL-2.0-or-later
# What a drgn user would write to see tasks, run queues, TCP sockets and free pages; run by `drgn -c VMCORE -s VMLINUX`.
from drgn import container_of
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.list_nulls import hlist_nulls_for_each_entry
from drgn.helpers.linux.cpumask import for_each_online_cpu
from drgn.helpers.linux.percpu import per_cpu

lines = 0
for task in list_for_each_entry("struct task_struct", prog["init_task"].tasks.address_of_(), "tasks"):
    print(task.pid.value_(), task.comm.string_().decode(errors="replace"), hex(task.__state.value_()))
    lines += 1
for cpu in for_each_online_cpu(prog):
    rq = per_cpu(prog["runqueues"], cpu)
    print(cpu, rq.nr_running.value_(), rq.rt.rt_nr_running.value_(), rq.curr.comm.string_().decode())
table = prog["tcp_hashinfo"]
for number in range(table.ehash_mask + 1):
    for sock in hlist_nulls_for_each_entry("struct sock", table.ehash[number].chain.address_of_(), "__sk_common.skc_nulls_node"):
        print(sock.__sk_common.skc_state.value_(), sock.__sk_common.skc_num.value_())
zones = prog["contig_page_data"].node_zones if "contig_page_data" in prog else prog["node_data"][0].node_zones
for zone in zones:
    print(zone.name.string_().decode(), [area.nr_free.value_() for area in zone.free_area])
