"""The words that synthetic learners are made of: programs, places, names, titles, spellings.

Here: literal lists with the weights that the source's owners report (a weight is "rows in 1.6
million" where it is known). Not here: how words are drawn and combined (catalog, profile,
entries) and the nasty values (dirt).
"""

from __future__ import annotations

from typing import Final


def _lines(block: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in block.strip().splitlines())


def _words(block: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in block.replace("\n", ",").split(",") if word.strip())


def _weighted(block: str) -> tuple[tuple[str, float], ...]:
    pairs = (line.rsplit("|", 1) for line in _lines(block))
    return tuple((name, float(weight)) for name, weight in pairs)


MISSING_TEXTS: Final = (
    ("n/a", 80.0),
    ("N/A", 4.0),
    ("none", 1.5),
    ("None", 2.5),
    ("NONE", 0.7),
    ("null", 2.5),
    ("Null", 0.7),
    ("NULL", 1.0),
    (" n/a ", 1.0),
    ("\u00a0n/a\u00a0", 0.3),
    ("\tn/a\n", 0.2),
    (" NULL", 0.3),
    ("-99", 0.3),
    ("-99.0", 0.2),
    ("", 4.8),
)
"""Spellings of "missing" in text columns and their weights (NULL comes on top)."""

MISSING_DATES: Final = _weighted(
    """
    1970-01-01|70
    n/a|12
    -99|4
    None|4
    1900-01-01|3
    |7
    """
)
"""Spellings of "missing" in dates inside JSON."""

MISSING_NUMBERS: Final = _weighted(
    """
    "-99"|90
    "-99.0"|5
    -99|2
    "n/a"|2
    ""|1
    """
)
"""Spellings of "missing" in numbers inside JSON, as JSON."""

# name | cohort prefix | share in per cent | cohorts
PROGRAMS: Final = tuple(
    (name, prefix, float(share), int(cohorts))
    for name, prefix, share, cohorts in (
        line.split("|")
        for line in _lines(
            """
            Software Engineering|SE|29.3|24
            ALX AiCE - AI Career Essentials|AiCE|28.1|14
            Virtual Assistant|VA|20.2|13
            ALX Foundations|FND|12.2|11
            Financial Analyst|FA|2.9|7
            Data Analytics|DA|1.2|6
            AWS Cloud Practitioner|AWS|0.8|4
            Data Science|DS|0.8|6
            Salesforce Administrator|SF|0.7|4
            ProDev Back-End|PDB|0.5|3
            ProDev Front-End|PDF|0.5|3
            Founder Academy|FOU|0.4|4
            ALX Freelancer Academy|FRL|0.4|4
            Cybersecurity|CY|0.3|2
            Graphic Design|GD|0.3|2
            Content Creation|CC|0.25|2
            Data Engineering|DE|0.25|2
            n/a|NA|0.2|2
            Back-End Web Development|BE|0.15|2
            Front-End Web Development|FE|0.15|2
            AI Programming with Udacity|UAI|0.1|1
            Udacity Data Analyst Nanodegree|UDA|0.1|1
            Project Management|PM|0.08|2
            AI for Developers|AID|0.06|1
            AI Starter Kit|AIS|0.04|1
            Pathway Employability|PE|0.02|1
            """
        )
    )
)
"""The 26 programs, 124 cohorts among them."""

GENDERS: Final = _weighted(
    """
    Female|482
    Male|478
    male|5
    FEMALE|3
    Non-binary|4
    Prefer not to say|8
    """
)

LIVING_LOCATIONS: Final = _weighted(
    """
    Urban|420
    Rural|180
    Peri-urban|110
    Refugee camp|8
    urban|12
    """
)

DISABILITIES: Final = _weighted(
    """
    Visual|40
    Hearing|25
    Mobility|20
    Cognitive|8
    Other|7
    """
)

LEVELS: Final = _weighted(
    """
    Bachelor's degree|49.7
    n/a|14.2
    College/University|8.6
    Some college / No degree|6.9
    High school diploma|6.0
    Master's degree|5.8
    Associate's degree|3.5
    Postgraduate diploma|2.7
    Vocational training|1.1
    Doctorate|0.6
    Professional certification|0.5
    Primary school|0.2
    Other|0.2
    """
)
"""The 13 levels of study with their shares in per cent."""

LEVEL_SPELLINGS: Final = {
    "Bachelor's degree": "Bachelor'S Degree",
    "Master's degree": "Master'S Degree",
    "Associate's degree": "Associate'S Degree",
    "High school diploma": "High School Diploma",
}

FIELDS: Final = _words(
    """
    Computer Science, Business Administration, Accounting, Economics, Public Health, Nursing,
    Mass Communication, Law, Political Science, Sociology, Statistics, Mathematics, Physics,
    Chemistry, Biology, Biochemistry, Microbiology, Medicine, Pharmacy, Dentistry,
    Veterinary Medicine, Agriculture, Architecture, Civil Engineering, Electrical Engineering,
    Mechanical Engineering, Geology, Geography, History, Philosophy, Theology, Linguistics,
    Literature, Music, Journalism, Marketing, Banking, Actuarial Science, Psychology, Education,
    Tourism, Information Systems, Environmental Science
    """
)
"""The 43 fields of study."""

EMPLOYMENT_TYPES: Final = _weighted(
    """
    Full-time|46
    Part-time|14
    Contract|14
    Internship|16
    Uncategorized|8
    n/a|2
    """
)

SALARY_RANGES: Final = _weighted(
    """
    $0-$500|34
    $501-$1000|14
    $1001-$2000|8
    $2001+|5
    n/a|39
    """
)

JOB_TITLES: Final = _weighted(
    """
    Software Engineer|60
    Software Developer|35
    Virtual Assistant|60
    Accountant|40
    Teacher|40
    Customer Support|40
    Customer Service Representative|35
    Sales Manager|25
    Marketing Specialist|25
    Data Analyst|35
    Financial Analyst|20
    Project Manager|25
    Operations Lead|15
    Graphic Designer|20
    Content Creator|15
    Nurse|15
    Pharmacist|10
    Civil Engineer|15
    Electrical Engineer|12
    Mechanical Engineer|10
    Human Resources Officer|15
    Research Assistant|15
    Executive Assistant|15
    Lecturer|12
    Journalist|8
    Intern|40
    Security Guard|6
    Driver|6
    Tailor|5
    Community Manager|10
    Backend Developer|18
    Front-End Developer|18
    QA Engineer|8
    Ingénieur|5
    Développeuse|5
    مهندس برمجيات|3
    Founder|14
    Co-Founder|8
    Cofounder|4
    Co-Founder & CEO|5
    FOUNDER/CEO|3
    Founder, Director|3
    CEO|8
    ceo|2
    Chief Executive Officer (CEO)|2
    Entrepreneur|8
    Social entrepreneur|3
    Business owner|6
    Co-owner|2
    Owner-operator|2
    Product Owner|5
    Freelancer|10
    Freelance Writer|8
    freelance|4
    Freelance consultant and founder|2
    Consultant|14
    IT Consultant|8
    Contractor|5
    Self-employed|8
    Self employed|3
    Self-Employed Tailor|2
    Consulting Analyst|4
    Contractors Liaison|1
    Homeowner Advisor|1
    Entrepreneurship Trainer|2
    CEO's Assistant|2
    Founders' Assistant|1
    Ceomatic Operator|1
    n/a|18
    """
)
"""Job titles: some make an entrepreneur or a freelancer, some only look so."""

KNOWN_COMPANIES: Final = _words(
    """
    Andela, Safaricom, MTN Nigeria, Jumia, Paystack, Flutterwave, Interswitch, Access Bank,
    Zenith Bank, Guaranty Trust Bank, First Bank of Nigeria, United Bank for Africa, Equity Bank,
    KCB Bank, Co-operative Bank of Kenya, Ecobank, Stanbic Bank, Standard Bank, Absa, Nedbank,
    Capitec, Vodacom, Orange Maroc, Maroc Telecom, Inwi, OCP Group, Attijariwafa bank, BMCE Bank,
    Vodafone Egypt, Orange Egypt, Telecom Egypt, Banque Misr, National Bank of Egypt, CIB,
    Etisalat, Ethio Telecom, Ethiopian Airlines, Kenya Airways, Kenya Power, Dangote Group, Nestlé,
    Unilever, Coca-Cola, Deloitte, PwC, KPMG, EY, Accenture, Google, Microsoft, Amazon, Upwork,
    Fiverr, Meta, IBM, Huawei, Teleperformance, Concentrix, CCI Global, Sama, M-KOPA, Twiga Foods,
    Sendy, Glovo, Bolt, Uber, Yango, Kuda Bank, Moniepoint, OPay, PiggyVest, Cowrywise, Konga,
    Airtel Africa, Glo, 9mobile, Teach For Nigeria, UNICEF, UNDP, World Bank, Red Cross,
    Save the Children, USAID, WHO, Ministry of Health, Ministry of Education, Ghana Health Service,
    Ghana Education Service, SNNPR, ALX Africa, African Leadership University, Sand Technologies,
    Tek Experts, Majorel, Webhelp, Capgemini, Atos, CGI, Sofrecom, Bank of Kigali, Irembo, Zipline,
    Ampersand, Azam, Vodafone Ghana
    """
)

COMPANY_FIRST: Final = _words(
    """
    Sigma, Omega, Delta, Alpha, Beta, Vega, Nova, Titan, Atlas, Matrix, Quantum, Pinnacle, Summit,
    Horizon, Pathway, Gateway, Bridge, Harbor, Coastal, River, Lake, Ocean, Mountain, Hilltop,
    Valley, Meadow, Garden, Orchard, Forest, Acacia, Baobab, Bamboo, Cedar, Maple, Palm, Oak,
    Ivory, Ebony, Golden, Silver, Ruby, Amber, Cobalt, Indigo, Crimson, Green, Blue, Bright, Solar,
    Lunar, Sunrise, Sunset, Dawn, Dusk, Spring, Winter, Rain, Storm, Thunder, Desert, Savanna,
    Sahara, Zambezi, Kente, Sankofa, Ubuntu, Umoja, Teranga, Pan-African, Afro, Royal, Crown,
    Grand, Prime, First, United, Allied, Global, Urban, Rural, Digital, Cyber, Smart, Savvy, Upper,
    Falcon, Eagle, Lion, Shield
    """
)

COMPANY_TRADE: Final = _words(
    """
    Technologies, Systems, Software, Solutions, Networks, Telecoms, Data, Analytics, Robotics,
    Drones, Media, Films, Music, Studios, Designs, Creatives, Fashion, Textiles, Cosmetics, Beauty,
    Wellness, Fitness, Sports, Pharma, Medical, Hospital, Clinic, Labs, Academy, School, College,
    Training, Legal, Chambers, Accounting, Auditing, Finance, Bank, Capital, Insurance,
    Microfinance, Sacco, Cooperative, Investments, Ventures, Trading, Exports, Imports, Wholesale,
    Retail, Stores, Supermarket, Supplies, Logistics, Couriers, Cargo, Shipping, Transport, Taxis,
    Motors, Cycles, Airlines, Travel, Tours, Hotels, Resorts, Restaurant, Café, Catering, Kitchen,
    Bakery, Foods, Farms, Water, Power, Energy, Mining, Minerals, Metals, Steel, Cement,
    Construction, Builders, Properties, Realty, Homes, Interiors, Furniture, Ceramics, Glass,
    Paints, Chemicals, Plastics, Packaging, Paper, Printing, Advertising, Marketing,
    Communications, Events, Staffing, Outsourcing, Security
    """
)

COMPANY_FORM: Final = _words(
    """
    Ltd, Limited, Inc, Inc., LLC, PLC, Group, Co., Company, Enterprises, International, Africa,
    Hub, NGO, Foundation, GmbH, Sarl, S.A., & Sons, Nigeria, Kenya, Ghana
    """
)

KNOWN_INSTITUTIONS: Final = _words(
    """
    University of Lagos, University of Ibadan, Obafemi Awolowo University, Ahmadu Bello University,
    University of Nigeria, Lagos State University, Covenant University, University of Benin,
    Federal University of Technology Akure, Yaba College of Technology, National Open University,
    University of Nairobi, Kenyatta University, Jomo Kenyatta University, Strathmore University,
    Moi University, Egerton University, Maseno University, Cairo University, Ain Shams University,
    Alexandria University, Mansoura University, Helwan University, Assiut University,
    University of Ghana, Kwame Nkrumah University of Science and Technology,
    University of Cape Coast, University of Education Winneba, Université Mohammed V,
    Université Hassan II, Université Cadi Ayyad, Université Ibn Zohr, University of Cape Town,
    University of the Witwatersrand, University of Pretoria, UNISA, University of Johannesburg,
    Addis Ababa University, Jimma University, Bahir Dar University, University of Rwanda,
    African Leadership University, Makerere University, Kyambogo University,
    University of Dar es Salaam, University of Zambia, University of Zimbabwe,
    Université Cheikh Anta Diop, Université de Yaoundé I, University of Buea, Coursera, Udemy
    """
)

INSTITUTION_PATTERNS: Final = _lines(
    """
    {} University
    University of {}
    {} Polytechnic
    {} College
    {} Institute of Technology
    {} High School
    {} Academy
    Université de {}
    {} Teachers' College
    College of Education {}
    {} State University
    {} School of Nursing
    """
)

SYLLABLES: Final = _words(
    """
    ba, be, bi, bo, bu, bwa, bwo, cha, che, chi, da, de, di, do, du, fa, fe, fi, fo, ga, ge, gi,
    go, gu, ka, ke, ki, ko, ku, kwa, kwe, la, le, li, lo, lu, ma, me, mi, mo, mu, na, nda, ndi,
    ndo, nga, nge, ngo, pe, pi, po, ra, re, ri, ro, ru, sa, se, sha, she, si, so, su, ta, te, ti,
    to, tu, wa, we, wi, wo, ya, ye, yi, yo, za, ze, zi, zo, zu
    """
)

NAME_ENDINGS: Final = (
    "", "", "", "", "", "", "ni", "ra", "lé", "é", "bury", "ton", " town", "-sur-mer", "ville",
    " North", "aa", "stad",
)  # fmt: skip

KNOWN_SKILLS: Final = _words(
    """
    Python, Communication, Teamwork, Microsoft Excel, Project Management, Customer Service,
    Problem Solving, Leadership, Data Analysis, Time Management, JavaScript, SQL, HTML, CSS, Java,
    C, C++, C#, F#, R, Go, .NET, ASP.NET, Node.js, React, Vue.js, Next.js, Django, Flask,
    TypeScript, PHP, Ruby, Kotlin, Swift, Rust, Bash, Linux, Git, Docker, Kubernetes, AWS, Azure,
    Google Cloud, DevOps, CI/CD, MySQL, PostgreSQL, MongoDB, Redis, T-SQL, NoSQL, Power BI,
    Tableau, Excel, PowerPoint, Word, Machine Learning, Deep Learning, Data Visualization,
    Data Entry, Data Science, Cloud Computing, Cybersecurity, Networking, UI/UX, UI/UX Design,
    Figma, Photoshop, Illustrator, Canva, Graphic Design, Video Editing, Copywriting,
    Content Writing, Creative Writing, Blogging, SEO, Digital Marketing, Social Media Marketing,
    Email Management, Marketing, Sales, Negotiation, Accounting, Bookkeeping, Financial Modelling,
    Financial Analysis, Budgeting, Auditing, Entrepreneurship, Business Development, Strategy,
    Research, Teaching, Public Speaking, Typing, Virtual Assistance, Calendar Management,
    Critical Thinking, Creativity, Adaptability, Emotional Intelligence, English, Français,
    Kiswahili, العربية, Agile, Scrum, Jira, Trello, Slack, Notion, WordPress, Shopify, Salesforce,
    HubSpot, Objective-C, Notepad++, A/B Testing, Web 2.0, 3D Modelling, R&D, Résumé Writing,
    Human Resources, Recruitment, Logistics, Nursing, AutoCAD, MATLAB, SPSS
    """
)

SKILL_ACTIVITIES: Final = _words(
    """
    Management, Planning, Strategy, Research, Analysis, Design, Development, Marketing, Sales,
    Support, Operations, Administration, Coordination, Training, Coaching, Documentation,
    Reporting, Auditing, Budgeting, Procurement, Maintenance, Testing, Automation, Photography,
    Writing, Governance, Ethics, Modelling
    """
)

SKILL_QUALIFIERS: Final = _words(
    """
    Technical, Creative, Basic, Advanced, Applied, Modern, Corporate, Public, Social, Rural, Health
    """
)

REGIONS: Final = _weighted(
    """
    Africa|90
    n/a|6
    Asia|2
    Europe|2
    """
)

DESIGNATIONS: Final = ("n/a", "n/a", "n/a", "Engineer", "Analyst", "Student", "")

BIO_SENTENCES: Final = _lines(
    """
    I love data, and I write code.
    Passionate about technology and its impact on my community.
    They call me "The Coder", honestly.
    Lifelong learner, problem solver, team player.
    Graduate looking for a first role in a fast-growing company.
    Virtual assistant with three years of experience in customer care.
    J'apprends le développement web à Abidjan; café et code.
    Émigré from Lomé, naïve optimist 🙂🚀
    مرحبا، أنا مهتم بعلوم البيانات
    My goal is to build products that people in my city use every day.
    I am a financial analyst who tells stories with numbers.
    Mother of two, teacher, and now a software engineer in training.
    Open to remote work; available immediately.
    Speaks English, Kiswahili & French.
    Building <b>things</b> that last.
    """
)

# name | latitude | longitude | weight | cities
COUNTRIES: Final = tuple(
    (name, latitude, longitude, float(weight), int(cities))
    for name, latitude, longitude, weight, cities in (
        line.split("|")
        for line in _lines(
            """
            Nigeria|9.081999|8.675277|552000|620
            Kenya|-0.023559|37.906193|185000|330
            Egypt|26.820553|30.802498|175000|310
            Ghana|7.946527|-1.023194|143000|280
            Morocco|31.791702|-7.092620|134000|260
            South Africa|-30.559482|22.937506|92000|260
            Ethiopia|9.145000|40.489673|71000|190
            Rwanda|-1.940278|29.873888|46000|100
            Uganda|1.373333|32.290275|26000|90
            Tanzania|-6.369028|34.888822|19000|80
            Cameroon|7.369722|12.354722|17000|75
            Côte d'Ivoire|7.539989|-5.547080|14000|65
            Senegal|14.497401|-14.452362|11000|55
            Zimbabwe|-19.015438|29.154857|9500|55
            Zambia|-13.133897|27.849332|8200|50
            Malawi|-13.254308|34.301525|6100|40
            Botswana|-22.328474|24.684866|4800|35
            Sudan|12.862807|30.217636|4700|35
            Algeria|28.033886|1.659626|4600|40
            Tunisia|33.886917|9.537499|4100|35
            Congo, The Democratic Republic of the|-4.038333|21.758664|3900|35
            Benin|9.307690|2.315834|3600|30
            Togo|8.619543|0.824782|3100|25
            Sierra Leone|8.460555|-11.779889|2900|22
            Namibia|-22.957640|18.490410|2700|24
            Lesotho|-29.609988|28.233608|2500|15
            Mozambique|-18.665695|35.529562|2400|24
            Eswatini|-26.522503|31.465866|2300|14
            Gambia|13.443182|-15.310139|2100|14
            Liberia|6.428055|-9.429499|2000|16
            Somalia|5.152149|46.199616|1900|18
            South Sudan|6.876992|31.306979|1800|14
            Burundi|-3.373056|29.918886|1700|16
            Madagascar|-18.766947|46.869107|1600|18
            Burkina Faso|12.238333|-1.561593|1500|16
            Mali|17.570692|-3.996166|1300|14
            Angola|-11.202692|17.873887|1200|16
            Mauritius|-20.348404|57.552152|1100|12
            United States|37.090240|-95.712891|3600|70
            United Kingdom|55.378051|-3.435973|3000|50
            India|20.593684|78.962880|2600|50
            Pakistan|30.375321|69.345116|1500|24
            United Arab Emirates|23.424076|53.847818|2000|12
            Saudi Arabia|23.885942|45.079162|1800|18
            Canada|56.130366|-106.346771|1600|30
            Germany|51.165691|10.451526|1300|28
            France|46.227638|2.213749|1300|28
            Niger|17.607789|8.081666|900|10
            Guinea|9.945587|-9.696645|900|10
            Congo|-0.228021|15.827659|850|10
            Gabon|-0.803689|11.609444|800|9
            Chad|15.454166|18.732207|750|9
            Libya|26.335100|17.228331|700|10
            Mauritania|21.007890|-10.940835|650|8
            Cabo Verde|16.002082|-24.013197|500|7
            Djibouti|11.825138|42.590275|480|4
            Central African Republic|6.611111|20.939444|450|6
            Equatorial Guinea|1.650801|10.267895|400|5
            Eritrea|15.179384|39.782334|380|6
            Guinea-Bissau|11.803749|-15.180413|350|4
            Comoros|-11.875001|43.872219|330|4
            Sao Tome and Principe|0.186360|6.613081|300|3
            Seychelles|-4.679574|55.491977|300|3
            Turkey|38.963745|35.243322|900|18
            Jordan|30.585164|36.238414|700|10
            Lebanon|33.854721|35.862285|650|9
            Iraq|33.223191|43.679291|600|10
            Syrian Arab Republic|34.802075|38.996815|550|8
            Yemen|15.552727|48.516388|550|8
            Qatar|25.354826|51.183884|700|5
            Kuwait|29.311660|47.481766|600|5
            Oman|21.512583|55.923255|600|6
            Bahrain|25.930414|50.637772|450|4
            Palestine, State of|31.952162|35.233154|500|6
            Iran, Islamic Republic of|32.427908|53.688046|300|8
            Israel|31.046051|34.851612|200|6
            Afghanistan|33.939110|67.709953|420|7
            Bangladesh|23.684994|90.356331|700|12
            Sri Lanka|7.873054|80.771797|350|7
            Nepal|28.394857|84.124008|380|7
            Indonesia|-0.789275|113.921327|420|12
            Philippines|12.879721|121.774017|520|14
            Malaysia|4.210484|101.975766|420|9
            Singapore|1.352083|103.819836|300|1
            Vietnam|14.058324|108.277199|300|8
            Thailand|15.870032|100.992541|260|7
            China|35.861660|104.195397|500|16
            Japan|36.204824|138.252924|260|10
            South Korea|35.907757|127.766922|220|7
            Taiwan|23.697810|120.960515|120|4
            Hong Kong|22.396428|114.109497|120|1
            Kazakhstan|48.019573|66.923684|200|6
            Uzbekistan|41.377491|64.585262|160|5
            Kyrgyzstan|41.204380|74.766098|110|3
            Tajikistan|38.861034|71.276093|90|3
            Turkmenistan|38.969719|59.556278|70|3
            Mongolia|46.862496|103.846656|80|3
            Myanmar|21.913965|95.956223|130|4
            Cambodia|12.565679|104.990963|120|4
            Laos|19.856270|102.495496|70|3
            Bhutan|27.514162|90.433601|60|2
            Maldives|3.202778|73.220680|60|2
            Timor-Leste|-8.874217|125.727539|50|2
            Brunei Darussalam|4.535277|114.727669|50|2
            Australia|-25.274398|133.775136|500|14
            New Zealand|-40.900557|174.885971|200|7
            Papua New Guinea|-6.314993|143.955550|70|3
            Fiji|-16.578193|179.414413|60|2
            Samoa|-13.759029|-172.104629|40|1
            Tonga|-21.178986|-175.198242|40|1
            Vanuatu|-15.376706|166.959158|40|1
            Solomon Islands|-9.645710|160.156194|40|1
            Ireland|53.412910|-8.243890|350|8
            Spain|40.463667|-3.749220|450|14
            Portugal|39.399872|-8.224454|400|9
            Italy|41.871940|12.567380|450|14
            Netherlands|52.132633|5.291266|450|10
            Belgium|50.503887|4.469936|350|8
            Luxembourg|49.815273|6.129583|80|2
            Switzerland|46.818188|8.227512|250|7
            Austria|47.516231|14.550072|220|6
            Poland|51.919438|19.145136|350|10
            Czechia|49.817492|15.472962|160|5
            Slovakia|48.669026|19.699024|90|3
            Hungary|47.162494|19.503304|180|5
            Romania|45.943161|24.966760|200|6
            Bulgaria|42.733883|25.485830|130|4
            Greece|39.074208|21.824312|180|6
            Cyprus|35.126413|33.429859|130|3
            Malta|35.937496|14.375416|100|2
            Croatia|45.100000|15.200000|90|4
            Serbia|44.016521|21.005859|110|4
            Slovenia|46.151241|14.995463|70|2
            Bosnia and Herzegovina|43.915886|17.679076|70|3
            North Macedonia|41.608635|21.745275|60|2
            Albania|41.153332|20.168331|80|3
            Kosovo|42.602636|20.902977|60|2
            Montenegro|42.708678|19.374390|50|2
            Moldova|47.411631|28.369885|80|2
            Ukraine|48.379433|31.165580|300|9
            Belarus|53.709807|27.953389|90|4
            Russian Federation|61.524010|105.318756|300|12
            Estonia|58.595272|25.013607|80|2
            Latvia|56.879635|24.603189|70|2
            Lithuania|55.169438|23.881275|80|3
            Finland|61.924110|25.748151|220|6
            Sweden|60.128161|18.643501|250|8
            Norway|60.472024|8.468946|200|6
            Denmark|56.263920|9.501785|200|6
            Iceland|64.963051|-19.020835|60|2
            Georgia|42.315407|43.356892|110|3
            Armenia|40.069099|45.038189|110|3
            Azerbaijan|40.143105|47.576927|100|3
            Mexico|23.634501|-102.552784|350|14
            Brazil|-14.235004|-51.925280|450|18
            Argentina|-38.416097|-63.616672|250|10
            Chile|-35.675147|-71.542969|170|7
            Colombia|4.570868|-74.297333|260|10
            Peru|-9.189967|-75.015152|170|7
            Ecuador|-1.831239|-78.183406|130|5
            Venezuela|6.423750|-66.589730|140|6
            Bolivia|-16.290154|-63.588653|100|4
            Paraguay|-23.442503|-58.443832|70|3
            Uruguay|-32.522779|-55.765835|70|2
            Guyana|4.860416|-58.930180|70|2
            Suriname|3.919305|-56.027783|50|1
            Panama|8.537981|-80.782127|80|3
            Costa Rica|9.748917|-83.753428|80|3
            Nicaragua|12.865416|-85.207229|60|2
            Honduras|15.199999|-86.241905|70|3
            El Salvador|13.794185|-88.896530|70|3
            Guatemala|15.783471|-90.230759|80|3
            Belize|17.189877|-88.497650|40|1
            Cuba|21.521757|-77.781167|60|3
            Dominican Republic|18.735693|-70.162651|90|3
            Haiti|18.971187|-72.285215|120|3
            Jamaica|18.109581|-77.297508|140|4
            Trinidad and Tobago|10.691803|-61.222503|100|3
            Barbados|13.193887|-59.543198|60|1
            Bahamas|25.034280|-77.396280|50|1
            Saint Lucia|13.909444|-60.978893|40|1
            Grenada|12.262776|-61.604171|40|1
            Mayotte|-12.827500|45.166244|40|1
            Réunion|-21.115141|55.536384|60|2
            Western Sahara|24.215527|-12.885834|40|1
            """
        )
    )
)
"""Countries by their usual name: a centre, rows in 1.6 million, number of cities."""

COUNTRY_SPELLINGS: Final = {
    "Nigeria": ("nigeria", "NIGERIA", " Nigeria", "Federal Republic of Nigeria", "Nigeria "),
    "Kenya": ("kenya", "KENYA", "Republic of Kenya", "Kenya  "),
    "Egypt": ("EGYPT", "egypt", "Arab Republic of Egypt"),
    "Ghana": ("ghana", " Ghana", "Republic of Ghana"),
    "Morocco": ("morocco", "Kingdom of Morocco", " Morocco"),
    "South Africa": ("south africa", "Republic of South Africa", "SOUTH AFRICA"),
    "Tanzania": ("Tanzania, United Republic of", "United Republic of Tanzania", "tanzania"),
    "Côte d'Ivoire": ("Ivory Coast", "Cote d'Ivoire", "Côte d’Ivoire", "COTE D'IVOIRE"),
    "Eswatini": ("Swaziland", "Kingdom of Eswatini"),
    "Gambia": ("The Gambia", "Gambia, The", "GAMBIA"),
    "Cabo Verde": ("Cape Verde",),
    "Congo, The Democratic Republic of the": (
        "Democratic Republic of the Congo",
        "DR Congo",
    ),
    "Congo": ("Republic of the Congo", "congo"),
    "United Kingdom": ("UK", "united kingdom"),
    "United States": ("USA", "United States of America"),
    "United Arab Emirates": ("UAE",),
    "Czechia": ("Czech Republic",),
    "Turkey": ("Türkiye", "Turkiye"),
    "Vietnam": ("Viet Nam",),
    "South Korea": ("Korea, Republic of",),
    "Syrian Arab Republic": ("Syria",),
    "Iran, Islamic Republic of": ("Iran",),
    "Palestine, State of": ("Palestine",),
    "Russian Federation": ("Russia",),
    "Laos": ("Lao People's Democratic Republic",),
    "Bolivia": ("Bolivia, Plurinational State of",),
    "Venezuela": ("Venezuela, Bolivarian Republic of",),
    "Moldova": ("Moldova, Republic of",),
    "Trinidad and Tobago": ("Trinidad & Tobago",),
    "Bosnia and Herzegovina": ("Bosnia & Herzegovina",),
    "Sao Tome and Principe": ("São Tomé and Príncipe",),
    "North Macedonia": ("Macedonia",),
    "Myanmar": ("Burma",),
    "Timor-Leste": ("East Timor",),
    "Brunei Darussalam": ("Brunei",),
    "Réunion": ("Reunion",),
    "Bahamas": ("The Bahamas",),
    "Netherlands": ("The Netherlands",),
}
"""Other spellings of the same country; about one row in fifty carries one."""

KNOWN_CITIES: Final = {
    "Nigeria": _words(
        """
        Lagos, Abuja, Port Harcourt, Ibadan, Kano, Benin City, Kaduna, Enugu, Owerri, Uyo, Ilorin,
        Abeokuta, Jos, Warri, Akure, Onitsha, Calabar, Aba, Osogbo, Ado Ekiti, Asaba, Awka,
        Yenagoa, Maiduguri, Zaria, Sokoto, Minna, Lokoja, Makurdi, Bauchi, Ikeja, Lekki, Ogbomoso,
        Ife
        """
    ),
    "Kenya": _words(
        """
        Nairobi, Mombasa, Kisumu, Nakuru, Eldoret, Thika, Kiambu, Machakos, Nyeri, Meru, Kakamega,
        Kitale, Kericho, Naivasha, Garissa, Malindi, Embu, Bungoma, Kisii, Murang'a
        """
    ),
    "Egypt": _words(
        """
        Cairo, Alexandria, Giza, Alex, Mansoura, Tanta, Asyut, Ismailia, Zagazig, Port Said, Suez,
        Luxor, Aswan, Minya, Sohag, Beni Suef, Fayoum, Damietta, Damanhur, Nasr City, القاهرة,
        الإسكندرية, 6th of October
        """
    ),
    "Ghana": _words(
        """
        Accra, Kumasi, Tema, Takoradi, Cape Coast, Tamale, Koforidua, Sunyani, Ho, Techiman,
        Obuasi, Bolgatanga, Wa, Winneba, Kasoa
        """
    ),
    "Morocco": _words(
        """
        Casablanca, Rabat, Marrakech, Fès, Tanger, Agadir, Meknès, Oujda, Kénitra, Tétouan, Salé,
        Temara, Safi, Mohammedia, Khouribga, El Jadida, Béni Mellal, Nador, الدار البيضاء, Tangier,
        Fez
        """
    ),
    "South Africa": _words(
        """
        Johannesburg, Cape Town, Durban, Pretoria, Soweto, Port Elizabeth, Gqeberha, Bloemfontein,
        East London, Polokwane, Nelspruit, Mbombela, eMalahleni, Rustenburg, Kimberley, Sandton,
        Midrand, Centurion
        """
    ),
    "Ethiopia": _words(
        """
        Addis Ababa, Hawassa, Adama, Bahir Dar, Mekelle, Gondar, Jimma, Dire Dawa, Dessie, Jijiga,
        Bishoftu, Arba Minch, Harar
        """
    ),
    "Rwanda": _words("Kigali, Musanze, Huye, Rubavu, Muhanga, Rwamagana, Nyagatare, Rusizi"),
    "Uganda": _words("Kampala, Entebbe, Gulu, Mbarara, Jinja, Mbale, Arua, Lira, Masaka"),
    "Tanzania": _words("Dar es Salaam, Arusha, Dodoma, Mwanza, Mbeya, Morogoro, Zanzibar, Moshi"),
    "Cameroon": _words("Douala, Yaoundé, Buea, Bamenda, Bafoussam, Limbe, Garoua, Maroua"),
    "Côte d'Ivoire": _words("Abidjan, Bouaké, Yamoussoukro, San-Pédro, Korhogo, Daloa"),
    "Senegal": _words("Dakar, Thiès, Saint-Louis, Touba, Ziguinchor, Kaolack"),
    "Zimbabwe": _words("Harare, Bulawayo, Mutare, Gweru, Chitungwiza, Masvingo"),
    "Zambia": _words("Lusaka, Kitwe, Ndola, Livingstone, Kabwe"),
    "Malawi": _words("Lilongwe, Blantyre, Mzuzu, Zomba"),
    "Botswana": _words("Gaborone, Francistown, Maun"),
    "Congo, The Democratic Republic of the": _words("Kinshasa, Goma, Lubumbashi, Bukavu"),
    "United Kingdom": _words("London, Manchester, Birmingham, Leeds, Glasgow, Alexandria"),
    "United States": _words("New York, Houston, Atlanta, Dallas, Chicago, Alexandria, Victoria"),
    "China": _words("Beijing, Shanghai, Guangzhou, 北京, Shenzhen"),
    "South Korea": _words("Seoul, Busan, 서울"),
    "Seychelles": _words("Victoria"),
    "United Arab Emirates": _words("Dubai, Abu Dhabi, Sharjah, Ajman"),
    "Saudi Arabia": _words("Riyadh, Jeddah, Dammam, Makkah"),
    "France": _words("Paris, Lyon, Marseille, Lille, Nîmes"),
    "Germany": _words("Berlin, München, Köln, Hamburg, Düsseldorf"),
    "Turkey": _words("İstanbul, Ankara, İzmir"),
}
"""Real city names, most populous first; the others of a country are made of syllables."""
