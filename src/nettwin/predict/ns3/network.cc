// A network of FIFO ports in ns-3: its devices, queues, channels, clock and random numbers; our paths and traffic.
//
// Packets travel without IP: a device's receive callback sends them on by the path in their tag, so a packet has exactly the size it
// shall have (the point-to-point device's two bytes included) and no routing protocol interferes. Text in, text out; see exchange.py.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "ns3/core-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"

#include "traffic.h"

using namespace ns3;
using nettwin::Sizes;
using nettwin::Source;

namespace
{

const uint32_t PPP_BYTES = 2;
const uint16_t PROTOCOL = 0x0800; // the device accepts IPv4 and IPv6 only

struct Link
{
    uint32_t source, target;
    uint64_t capacity_bps;
    double delay_s;
    std::string limit; // as ns-3 writes it: "32p" or "8000B"
    Ptr<NetDevice> device;
    uint64_t arrived = 0, dropped = 0;
    double sent_bits = 0;
};

struct Path
{
    double share;
    std::vector<uint32_t> links;
};

struct Demand
{
    Source source;
    uint32_t first_path, n_paths;
    uint64_t sent = 0, dropped = 0;
    double sent_bits = 0, delivered_bits = 0;
    std::vector<double> delays_s;
};

std::vector<Link> links;
std::vector<Path> paths;
std::vector<Sizes> sizes;
std::vector<Demand> demands;
double warm_up_s, end_s;

// Rides on a packet: whose it is, when it was sent, and how far it has come.
class Trip : public Tag
{
  public:
    uint32_t demand = 0, path = 0, hop = 0;
    double start_s = 0;

    static TypeId GetTypeId()
    {
        static TypeId id = TypeId("nettwin::Trip").SetParent<Tag>().AddConstructor<Trip>();
        return id;
    }

    TypeId GetInstanceTypeId() const override
    {
        return GetTypeId();
    }

    uint32_t GetSerializedSize() const override
    {
        return 20;
    }

    void Serialize(TagBuffer buffer) const override
    {
        buffer.WriteU32(demand);
        buffer.WriteU32(path);
        buffer.WriteU32(hop);
        buffer.WriteDouble(start_s);
    }

    void Deserialize(TagBuffer buffer) override
    {
        demand = buffer.ReadU32();
        path = buffer.ReadU32();
        hop = buffer.ReadU32();
        start_s = buffer.ReadDouble();
    }

    void Print(std::ostream& out) const override
    {
        out << demand;
    }
};

double
Now()
{
    return Simulator::Now().GetSeconds();
}

void
Forward(Ptr<Packet> packet, const Trip& trip)
{
    Link& link = links[paths[trip.path].links[trip.hop]];
    packet->AddPacketTag(trip);
    const bool is_counted = Now() >= warm_up_s;
    const uint32_t bytes = packet->GetSize() + PPP_BYTES;
    const bool is_taken = link.device->Send(packet, link.device->GetBroadcast(), PROTOCOL);
    if (is_counted)
    {
        link.arrived++;
        link.dropped += !is_taken;
        link.sent_bits += is_taken ? 8.0 * bytes : 0.0;
    }
    if (!is_taken && trip.start_s >= warm_up_s)
    {
        demands[trip.demand].dropped++;
    }
}

bool
Receive(Ptr<NetDevice>, Ptr<const Packet> received, uint16_t, const Address&)
{
    Ptr<Packet> packet = received->Copy();
    Trip trip;
    packet->RemovePacketTag(trip);
    if (++trip.hop < paths[trip.path].links.size())
    {
        Forward(packet, trip);
    }
    else if (trip.start_s >= warm_up_s)
    {
        Demand& demand = demands[trip.demand];
        demand.delays_s.push_back(Now() - trip.start_s);
        demand.delivered_bits += 8.0 * (packet->GetSize() + PPP_BYTES);
    }
    return true;
}

uint32_t
DrawPath(Demand& demand)
{
    double rest = demand.source.uniform->GetValue(0, 1);
    for (uint32_t path = demand.first_path; path < demand.first_path + demand.n_paths; path++)
    {
        rest -= paths[path].share;
        if (rest < 0)
        {
            return path;
        }
    }
    return demand.first_path + demand.n_paths - 1;
}

void
Emit(uint32_t index)
{
    Demand& demand = demands[index];
    Trip trip;
    trip.demand = index;
    trip.path = DrawPath(demand);
    trip.start_s = Now();
    const uint32_t bytes = demand.source.DrawBytes();
    if (trip.start_s >= warm_up_s)
    {
        demand.sent++;
        demand.sent_bits += 8.0 * bytes;
    }
    Forward(Create<Packet>(bytes - PPP_BYTES), trip);
    Simulator::Schedule(Seconds(demand.source.Gap()), &Emit, index);
}

void
ReadAll(std::istream& in)
{
    uint32_t seed, n_nodes, n_links, n_paths, n_sizes, n_demands;
    in >> seed >> warm_up_s >> end_s >> n_nodes >> n_links >> n_paths >> n_sizes >> n_demands;
    RngSeedManager::SetSeed(seed);
    NodeContainer nodes;
    nodes.Create(n_nodes);
    links.resize(n_links);
    for (Link& link : links)
    {
        in >> link.source >> link.target >> link.capacity_bps >> link.delay_s >> link.limit;
        PointToPointHelper cable;
        cable.SetDeviceAttribute("DataRate", DataRateValue(DataRate(link.capacity_bps)));
        cable.SetDeviceAttribute("Mtu", UintegerValue(65535));
        cable.SetChannelAttribute("Delay", TimeValue(Seconds(link.delay_s)));
        cable.SetQueue("ns3::DropTailQueue<Packet>", "MaxSize", QueueSizeValue(QueueSize(link.limit)));
        NetDeviceContainer ends = cable.Install(nodes.Get(link.source), nodes.Get(link.target));
        link.device = ends.Get(0); // the other end only receives
        ends.Get(1)->SetReceiveCallback(MakeCallback(&Receive));
    }
    paths.resize(n_paths);
    for (Path& path : paths)
    {
        uint32_t n_hops;
        in >> path.share >> n_hops;
        path.links.resize(n_hops);
        for (uint32_t& link : path.links)
        {
            in >> link;
        }
    }
    sizes.resize(n_sizes);
    for (Sizes& table : sizes)
    {
        table.Read(in);
    }
    demands.resize(n_demands);
    for (Demand& demand : demands)
    {
        uint32_t table;
        demand.source.Read(in);
        in >> demand.first_path >> demand.n_paths >> table;
        demand.source.sizes = &sizes[table];
    }
}

void
StartSources()
{
    for (uint32_t index = 0; index < demands.size(); index++)
    {
        Demand& demand = demands[index];
        if (demand.n_paths && demand.source.peak_rate > 0)
        {
            Simulator::Schedule(Seconds(demand.source.FirstGap()), &Emit, index);
        }
    }
}

double
Quantile(const std::vector<double>& sorted, double level)
{
    return sorted[std::min<size_t>(sorted.size() - 1, static_cast<size_t>(level * sorted.size()))];
}

void
WriteDemand(Demand& demand)
{
    std::cout << demand.sent << ' ' << demand.dropped << ' ' << demand.sent_bits << ' ' << demand.delivered_bits << ' '
              << demand.delays_s.size();
    if (!demand.delays_s.empty())
    {
        double sum = 0, squares = 0, steps = 0;
        for (size_t i = 0; i < demand.delays_s.size(); i++)
        {
            sum += demand.delays_s[i];
            steps += i ? std::abs(demand.delays_s[i] - demand.delays_s[i - 1]) : 0.0;
        }
        const double n = static_cast<double>(demand.delays_s.size()), mean = sum / n;
        for (double delay : demand.delays_s)
        {
            squares += (delay - mean) * (delay - mean);
        }
        std::sort(demand.delays_s.begin(), demand.delays_s.end());
        std::cout << ' ' << mean << ' ' << std::sqrt(squares / n) << ' ' << (n > 1 ? steps / (n - 1) : 0.0);
        for (double level : {0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999})
        {
            std::cout << ' ' << Quantile(demand.delays_s, level);
        }
    }
    std::cout << '\n';
}

} // namespace

int
main()
{
    ReadAll(std::cin);
    StartSources();
    Simulator::Stop(Seconds(end_s));
    Simulator::Run();
    std::cout.precision(12);
    for (Demand& demand : demands)
    {
        WriteDemand(demand);
    }
    for (Link& link : links)
    {
        std::cout << link.arrived << ' ' << link.dropped << ' ' << link.sent_bits << '\n';
    }
    Simulator::Destroy();
    return 0;
}
