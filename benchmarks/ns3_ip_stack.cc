// ns-3 as its users run it: IPv4, UDP sockets, global routing, FlowMonitor. One queue per port, in the device.
//
// Input: delays' resolution [s]; per link its metric and which link is its way back; then what exchange.py writes. ns-3 finds the paths
// itself, and draws among equal ones. Output per demand as that of network.cc: sent, dropped, bits sent, bits delivered, packets counted;
// delays' mean, deviation, variation between packets and quantiles, those and the deviation from FlowMonitor's histograms; then packet-hops.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <string>
#include <vector>

#include "ns3/core-module.h"
#include "ns3/flow-monitor-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"
#include "ns3/traffic-control-module.h"

#include "traffic.h"

using namespace ns3;
using nettwin::Sizes;
using nettwin::Source;

namespace
{

const uint16_t SINK_PORT = 9, FIRST_PORT = 10000; // a sender's port: the demand's number
const uint32_t HEADERS = 30;                      // PPP 2, IPv4 20, UDP 8: the packets are as long as the scenario says

// FlowMonitor is not told of packets that find a device's queue full: lost is what was sent and did not come.
const double DRAIN_S = 2;

struct Link
{
    uint32_t source, target, metric, back;
    uint64_t capacity_bps;
    double delay_s;
    std::string limit;
};

struct Demand
{
    Source source;
    uint32_t first_path, n_paths;
    Ptr<Socket> socket;
};

std::vector<Link> links;
std::vector<Sizes> sizes;
std::vector<Demand> demands;
std::vector<Ipv4Address> address;
NodeContainer nodes;
double resolution_s, warm_up_s, end_s;

void
Send(uint32_t index)
{
    Demand& demand = demands[index];
    if (Simulator::Now().GetSeconds() < end_s)
    {
        demand.socket->Send(Create<Packet>(demand.source.DrawBytes() - HEADERS));
        Simulator::Schedule(Seconds(demand.source.Gap()), &Send, index);
    }
}

void
Drain(Ptr<Socket> socket)
{
    while (socket->Recv())
    {
    }
}

void
Configure(Ptr<NetDevice> device, const Link& link)
{
    Ptr<PointToPointNetDevice> port = DynamicCast<PointToPointNetDevice>(device);
    port->SetDataRate(DataRate(link.capacity_bps));
    port->GetQueue()->SetMaxSize(QueueSize(link.limit));
    Ptr<Ipv4> ip = device->GetNode()->GetObject<Ipv4>();
    ip->SetMetric(ip->GetInterfaceForDevice(device), link.metric);
}

void
Lay(const std::vector<Link>& cables)
{
    Ipv4AddressHelper addresses("10.0.0.0", "255.255.255.252");
    for (const Link& link : cables)
    {
        PointToPointHelper cable;
        cable.SetChannelAttribute("Delay", TimeValue(Seconds(link.delay_s)));
        cable.SetQueue("ns3::DropTailQueue<Packet>");
        NetDeviceContainer ends = cable.Install(nodes.Get(link.source), nodes.Get(link.target));
        Ipv4InterfaceContainer interfaces = addresses.Assign(ends);
        TrafficControlHelper().Uninstall(ends); // else packets would wait in a second queue (FqCoDel), which takes time, too
        Configure(ends.Get(0), link);
        Configure(ends.Get(1), links[link.back]);
        address[link.source] = interfaces.GetAddress(0);
        address[link.target] = interfaces.GetAddress(1);
        addresses.NewNetwork();
    }
}

void
Listen()
{
    for (uint32_t node = 0; node < nodes.GetN(); node++)
    {
        Ptr<Socket> sink = Socket::CreateSocket(nodes.Get(node), UdpSocketFactory::GetTypeId());
        sink->Bind(InetSocketAddress(Ipv4Address::GetAny(), SINK_PORT));
        sink->SetRecvCallback(MakeCallback(&Drain));
    }
}

// The ends of a path, of which nothing else is used.
std::vector<std::pair<uint32_t, uint32_t>>
ReadPaths(std::istream& in, uint32_t n_paths)
{
    std::vector<std::pair<uint32_t, uint32_t>> ends(n_paths);
    for (auto& [source, target] : ends)
    {
        double share;
        uint32_t n_hops, link = 0;
        in >> share >> n_hops;
        for (uint32_t hop = 0; hop < n_hops; hop++)
        {
            in >> link;
            source = hop ? source : links[link].source;
        }
        target = links[link].target;
    }
    return ends;
}

void
Connect(uint32_t index, std::pair<uint32_t, uint32_t> ends)
{
    Demand& demand = demands[index];
    demand.socket = Socket::CreateSocket(nodes.Get(ends.first), UdpSocketFactory::GetTypeId());
    demand.socket->Bind(InetSocketAddress(Ipv4Address::GetAny(), FIRST_PORT + index));
    demand.socket->Connect(InetSocketAddress(address[ends.second], SINK_PORT));
    Simulator::Schedule(Seconds(demand.source.FirstGap()), &Send, index);
}

// A demand is several flows where it leaves its source by several interfaces, each of which has an address.
struct Seen
{
    double sent = 0, arrived = 0, sent_bits = 0, arrived_bits = 0, delay_s = 0, steps_s = 0;
    std::vector<double> delays; // counts per resolution_s

    void Add(const FlowMonitor::FlowStats& flow)
    {
        const double ppp_bits = 8.0 * 2; // FlowMonitor counts bytes from the IP header on
        sent += flow.txPackets;
        arrived += flow.rxPackets;
        sent_bits += 8.0 * flow.txBytes + ppp_bits * flow.txPackets;
        arrived_bits += 8.0 * flow.rxBytes + ppp_bits * flow.rxPackets;
        delay_s += flow.delaySum.GetSeconds();
        steps_s += flow.jitterSum.GetSeconds();
        delays.resize(std::max<size_t>(delays.size(), flow.delayHistogram.GetNBins()));
        for (uint32_t bin = 0; bin < flow.delayHistogram.GetNBins(); bin++)
        {
            delays[bin] += flow.delayHistogram.GetBinCount(bin);
        }
    }

    double Deviation() const
    {
        double squares = 0;
        for (size_t bin = 0; bin < delays.size(); bin++)
        {
            const double apart = (bin + 0.5) * resolution_s - delay_s / arrived;
            squares += delays[bin] * apart * apart;
        }
        return std::sqrt(squares / arrived);
    }

    double Quantile(double level) const
    {
        double below = 0;
        size_t bin = 0;
        while (bin + 1 < delays.size() && below + delays[bin] <= level * arrived)
        {
            below += delays[bin++];
        }
        return (bin + (delays[bin] > 0 ? (level * arrived - below) / delays[bin] : 0.0)) * resolution_s;
    }

    void Write() const
    {
        std::cout << sent << ' ' << sent - arrived << ' ' << sent_bits << ' ' << arrived_bits << ' ' << arrived;
        if (arrived > 0)
        {
            std::cout << ' ' << delay_s / arrived << ' ' << Deviation() << ' ' << steps_s / std::max(1.0, arrived - 1);
            for (double level : {0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999})
            {
                std::cout << ' ' << Quantile(level);
            }
        }
        std::cout << '\n';
    }
};

} // namespace

int
main()
{
    uint32_t seed, n_nodes, n_links, n_paths, n_sizes, n_demands;
    std::cin >> resolution_s >> n_links;
    links.resize(n_links);
    for (Link& link : links)
    {
        std::cin >> link.metric >> link.back;
    }
    std::cin >> seed >> warm_up_s >> end_s >> n_nodes >> n_links >> n_paths >> n_sizes >> n_demands;
    RngSeedManager::SetSeed(seed);
    Config::SetDefault("ns3::Ipv4GlobalRouting::RandomEcmpRouting", BooleanValue(true));
    nodes.Create(n_nodes);
    address.resize(n_nodes);
    InternetStackHelper().Install(nodes);
    for (Link& link : links)
    {
        std::cin >> link.source >> link.target >> link.capacity_bps >> link.delay_s >> link.limit;
    }
    std::vector<Link> cables;
    for (uint32_t index = 0; index < n_links; index++)
    {
        if (index < links[index].back)
        {
            cables.push_back(links[index]);
        }
    }
    Lay(cables);
    Ipv4GlobalRoutingHelper::PopulateRoutingTables();
    Listen();
    const auto ends = ReadPaths(std::cin, n_paths);
    sizes.resize(n_sizes);
    for (Sizes& table : sizes)
    {
        table.Read(std::cin);
    }
    demands.resize(n_demands);
    for (uint32_t index = 0; index < n_demands; index++)
    {
        Demand& demand = demands[index];
        uint32_t table;
        demand.source.Read(std::cin);
        std::cin >> demand.first_path >> demand.n_paths >> table;
        demand.source.sizes = &sizes[table];
        Connect(index, ends[demand.first_path]);
    }
    FlowMonitorHelper helper;
    helper.SetMonitorAttribute("DelayBinWidth", DoubleValue(resolution_s));
    helper.SetMonitorAttribute("StartTime", TimeValue(Seconds(warm_up_s)));
    Ptr<FlowMonitor> monitor = helper.InstallAll();
    Simulator::Stop(Seconds(end_s + DRAIN_S));
    Simulator::Run();
    std::cout.precision(12);
    Ptr<Ipv4FlowClassifier> classifier = DynamicCast<Ipv4FlowClassifier>(helper.GetClassifier());
    std::vector<Seen> seen(n_demands);
    double hops = 0;
    for (const auto& [flow, stats] : monitor->GetFlowStats())
    {
        seen[classifier->FindFlow(flow).sourcePort - FIRST_PORT].Add(stats);
        hops += stats.rxPackets + stats.timesForwarded;
    }
    for (const Seen& demand : seen)
    {
        demand.Write();
    }
    std::cout << hops << '\n';
    Simulator::Destroy();
    return 0;
}
