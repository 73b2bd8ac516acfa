// The sources of packets that both of our ns-3 programs have: sizes and gaps, as exchange.py writes them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <vector>

#include "ns3/core-module.h"

namespace nettwin
{

enum Kind
{
    POISSON,
    CONSTANT,
    ON_OFF,
    CARRIED_ON_OFF
};

struct Sizes
{
    std::vector<uint32_t> bytes;
    std::vector<double> cumulative;

    void Read(std::istream& in)
    {
        uint32_t n;
        in >> n;
        bytes.resize(n);
        cumulative.resize(n);
        for (uint32_t i = 0; i < n; i++)
        {
            in >> bytes[i] >> cumulative[i];
        }
    }
};

struct Source
{
    int kind;
    double on_s, off_s, peak_rate; // peak_rate: packets per second while it sends
    const Sizes* sizes;
    ns3::Ptr<ns3::ExponentialRandomVariable> exponential;
    ns3::Ptr<ns3::UniformRandomVariable> uniform;
    double credit_s = 0;

    void Read(std::istream& in)
    {
        in >> kind >> peak_rate >> on_s >> off_s;
        exponential = ns3::CreateObject<ns3::ExponentialRandomVariable>();
        uniform = ns3::CreateObject<ns3::UniformRandomVariable>();
    }

    uint32_t DrawBytes()
    {
        const double draw = sizes->bytes.size() > 1 ? uniform->GetValue(0, 1) : 0.0;
        const auto place = std::upper_bound(sizes->cumulative.begin(), sizes->cumulative.end() - 1, draw);
        return sizes->bytes[place - sizes->cumulative.begin()];
    }

    double FirstGap()
    {
        return kind == CONSTANT ? uniform->GetValue(0, 1.0 / peak_rate) : Gap();
    }

    double Gap()
    {
        const double gap = 1.0 / peak_rate;
        if (kind == POISSON)
        {
            return exponential->GetValue(gap, 0);
        }
        if (kind == CONSTANT)
        {
            return gap;
        }
        if (credit_s >= gap)
        {
            credit_s -= gap;
            return gap;
        }
        return kind == CARRIED_ON_OFF ? CarriedPause() : Pause(gap);
    }

  private:
    double CarriedPause()
    {
        credit_s += exponential->GetValue(on_s, 0);
        return exponential->GetValue(off_s, 0);
    }

    double Pause(double gap)
    {
        double wait = credit_s; // what is left of this ON period passes without a packet
        while (true)
        {
            const double on = exponential->GetValue(on_s, 0);
            const double phase = uniform->GetValue(0, gap);
            wait += exponential->GetValue(off_s, 0);
            if (phase < on)
            {
                credit_s = on - phase;
                return wait + phase;
            }
            wait += on;
        }
    }
};

} // namespace nettwin
