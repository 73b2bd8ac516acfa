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

using namespace ns3;

namespace
{

const uint32_t PPP_BYTES = 2;
const uint16_t PROTOCOL = 0x0800; // the device accepts IPv4 and IPv6 only

enum Kind
{
    POISSON,
    CONSTANT,
    ON_OFF,
    CARRIED_ON_OFF
};

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

struct Sizes
{
    std::vector<uint32_t> bytes;
    std::vector<double> cumulative;
};

struct Demand
{
    int kind;
    double on_s, off_s, peak_rate; // peak_rate: packets per second while it sends
    uint32_t first_path, n_paths, sizes;
    Ptr<ExponentialRandomVariable> exponential;
    Ptr<UniformRandomVariable> uniform;
    double credit_s = 0;
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
    double rest = demand.uniform->GetValue(0, 1);
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

uint32_t
DrawBytes(Demand& demand)
{
    const Sizes& table = sizes[demand.sizes];
    const double draw = table.bytes.size() > 1 ? demand.uniform->GetValue(0, 1) : 0.0;
    const auto place = std::upper_bound(table.cumulative.begin(), table.cumulative.end() - 1, draw);
    return table.bytes[place - table.cumulative.begin()];
}

double
Gap(Demand& demand)
{
    const double gap = 1.0 / demand.peak_rate;
    if (demand.kind == POISSON)
    {
        return demand.exponential->GetValue(gap, 0);
    }
    if (demand.kind == CONSTANT)
    {
        return gap;
    }
    if (demand.kind == CARRIED_ON_OFF)
    {
        if (demand.credit_s >= gap)
        {
            demand.credit_s -= gap;
            return gap;
        }
        demand.credit_s += demand.exponential->GetValue(demand.on_s, 0);
        return demand.exponential->GetValue(demand.off_s, 0);
    }
    if (demand.credit_s >= gap)
    {
        demand.credit_s -= gap;
        return gap;
    }
    double wait = demand.credit_s; // what is left of this ON period passes without a packet
    while (true)
    {
        const double on = demand.exponential->GetValue(demand.on_s, 0);
        const double phase = demand.uniform->GetValue(0, gap);
        wait += demand.exponential->GetValue(demand.off_s, 0);
        if (phase < on)
        {
            demand.credit_s = on - phase;
            return wait + phase;
        }
        wait += on;
    }
}

void
Emit(uint32_t index)
{
    Demand& demand = demands[index];
    Trip trip;
    trip.demand = index;
    trip.path = DrawPath(demand);
    trip.start_s = Now();
    const uint32_t bytes = DrawBytes(demand);
    if (trip.start_s >= warm_up_s)
    {
        demand.sent++;
        demand.sent_bits += 8.0 * bytes;
    }
    Forward(Create<Packet>(bytes - PPP_BYTES), trip);
    Simulator::Schedule(Seconds(Gap(demand)), &Emit, index);
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
        uint32_t n;
        in >> n;
        table.bytes.resize(n);
        table.cumulative.resize(n);
        for (uint32_t i = 0; i < n; i++)
        {
            in >> table.bytes[i] >> table.cumulative[i];
        }
    }
    demands.resize(n_demands);
    for (Demand& demand : demands)
    {
        in >> demand.kind >> demand.peak_rate >> demand.on_s >> demand.off_s >> demand.first_path >> demand.n_paths >> demand.sizes;
        demand.exponential = CreateObject<ExponentialRandomVariable>();
        demand.uniform = CreateObject<UniformRandomVariable>();
    }
}

void
StartSources()
{
    for (uint32_t index = 0; index < demands.size(); index++)
    {
        Demand& demand = demands[index];
        if (demand.n_paths && demand.peak_rate > 0)
        {
            const double first = demand.kind == CONSTANT ? demand.uniform->GetValue(0, 1.0 / demand.peak_rate) : Gap(demand);
            Simulator::Schedule(Seconds(first), &Emit, index);
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
