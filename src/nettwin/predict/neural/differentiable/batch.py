"""From a scenario that theory has solved on tensors to the network's Batch: nothing leaves the device."""

from torch import Tensor

from nettwin.predict.neural.batch import Batch
from nettwin.predict.neural.differentiable import features
from nettwin.predict.neural.differentiable.facts import Solved
from nettwin.predict.neural.differentiable.physics import physics_of
from nettwin.queueing.differentiable.gathering import at, over, sums


def batch_of_solved(solved: Solved) -> tuple[Batch, Tensor]:
    """What ``batch_of(graph_of(...))`` makes of numpy arrays, and the reference delay [demand] in seconds."""
    facts, network = solved.facts, solved.state.network
    hops, layout, ports = network.hops, facts.layout, network.ports
    weight = hops.hop_packet_rate * hops.hop_mean_bits
    share = over(weight, at(sums(weight, hops.queue, ports.n_queues), hops.queue))
    relative = physics_of(solved)
    batch = Batch(
        queue_plain=features.queue_plain(solved, share),
        queue_theory=features.queue_theory(solved),
        queue_correctable=features.queue_correctable(solved),
        queue_link=ports.link_of_queue,
        n_links=ports.n_links,
        pair_queue=facts.pair_queue,
        pair_other=facts.pair_other,
        hop_plain=at(features.hop_plain(solved, share), layout.hop_order),
        hop_theory=at(features.hop_theory(solved), layout.hop_order),
        hop_queue=layout.queue,
        hop_path=layout.path,
        hop_weight=at(share.float(), layout.hop_order),
        n_at=layout.n_at,
        path_demand=at(hops.demand, layout.path_order),
        path_share=at(hops.share.float(), layout.path_order),
        demand_plain=features.demand_plain(solved),
        demand_theory=features.demand_theory(solved),
        physics=relative.physics,
        hop_order=facts.hop_order,
        path_order=facts.path_order,
    )
    return batch, relative.reference_s
