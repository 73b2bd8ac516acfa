// ns-3 as its users run it: IPv4, UDP sockets, global routing, FlowMonitor. For its speed only; see ns3_comparison.py.
// Input: nodes, cables, capacity [bit/s], delay [s], buffer [packets], bytes per packet, packets per second and pair, duration [s];
// then the two ends of each cable. Output: mean delay [s], packets delivered, packet-hops.
#include <iostream>
#include <string>
#include <vector>

#include "ns3/core-module.h"
#include "ns3/flow-monitor-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"

using namespace ns3;

static const uint16_t PORT = 9;
static const uint32_t HEADERS = 30; // PPP 2, IPv4 20, UDP 8

static void
Send(Ptr<Socket> socket, uint32_t payload, Ptr<ExponentialRandomVariable> gap)
{
    socket->Send(Create<Packet>(payload));
    Simulator::Schedule(Seconds(gap->GetValue()), &Send, socket, payload, gap);
}

static void
Drain(Ptr<Socket> socket)
{
    while (socket->Recv())
    {
    }
}

int
main()
{
    uint32_t n_nodes, n_cables, bytes, buffer;
    uint64_t capacity;
    double delay, rate, duration;
    std::cin >> n_nodes >> n_cables >> capacity >> delay >> buffer >> bytes >> rate >> duration;
    NodeContainer nodes;
    nodes.Create(n_nodes);
    InternetStackHelper().Install(nodes);
    Ipv4AddressHelper addresses("10.0.0.0", "255.255.255.252");
    std::vector<Ipv4Address> address(n_nodes);
    for (uint32_t i = 0; i < n_cables; i++)
    {
        uint32_t a, b;
        std::cin >> a >> b;
        PointToPointHelper cable;
        cable.SetDeviceAttribute("DataRate", DataRateValue(DataRate(capacity)));
        cable.SetChannelAttribute("Delay", TimeValue(Seconds(delay)));
        cable.SetQueue("ns3::DropTailQueue<Packet>", "MaxSize", QueueSizeValue(QueueSize(std::to_string(buffer) + "p")));
        Ipv4InterfaceContainer ends = addresses.Assign(cable.Install(nodes.Get(a), nodes.Get(b)));
        address[a] = ends.GetAddress(0);
        address[b] = ends.GetAddress(1);
        addresses.NewNetwork();
    }
    Ipv4GlobalRoutingHelper::PopulateRoutingTables();
    for (uint32_t to = 0; to < n_nodes; to++)
    {
        Ptr<Socket> sink = Socket::CreateSocket(nodes.Get(to), UdpSocketFactory::GetTypeId());
        sink->Bind(InetSocketAddress(Ipv4Address::GetAny(), PORT));
        sink->SetRecvCallback(MakeCallback(&Drain));
        for (uint32_t from = 0; from < n_nodes; from++)
        {
            if (from != to)
            {
                Ptr<Socket> socket = Socket::CreateSocket(nodes.Get(from), UdpSocketFactory::GetTypeId());
                socket->Connect(InetSocketAddress(address[to], PORT));
                Ptr<ExponentialRandomVariable> gap = CreateObject<ExponentialRandomVariable>();
                gap->SetAttribute("Mean", DoubleValue(1.0 / rate));
                Simulator::Schedule(Seconds(gap->GetValue()), &Send, socket, bytes - HEADERS, gap);
            }
        }
    }
    FlowMonitorHelper helper;
    Ptr<FlowMonitor> monitor = helper.InstallAll();
    Simulator::Stop(Seconds(duration));
    Simulator::Run();
    double sum = 0, n = 0, hops = 0;
    for (const auto& flow : monitor->GetFlowStats())
    {
        sum += flow.second.delaySum.GetSeconds();
        n += flow.second.rxPackets;
        hops += flow.second.rxPackets + flow.second.timesForwarded;
    }
    std::cout << sum / n << ' ' << n << ' ' << hops << '\n';
    Simulator::Destroy();
    return 0;
}
