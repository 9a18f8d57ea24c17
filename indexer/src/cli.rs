//! The command line: what can be typed and what the words mean.

use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Parser, Subcommand};
use huiqi_engine::catalogue::Code;
use huiqi_engine::date::Date;
use huiqi_engine::search::Facet;
use huiqi_engine::trust::{self, PublicKey};

use crate::embed::{self, Part};

/// 惠企通：检查政策文件，建检索索引，发布成静态文件
#[derive(Debug, Parser)]
#[command(name = "huiqi", version, disable_help_subcommand = true, help_template = TEMPLATE)]
pub struct Cli {
    /// 命令
    #[command(subcommand)]
    pub command: Command,
}

const TEMPLATE: &str = "{about}\n\n用法：{usage}\n\n{all-args}\n\n退出码：0 正常，1 有问题要改，2 用法或读写出错。\n政策文件的写法见 policies/README.md。\n";
const SUB_TEMPLATE: &str = "{about}\n\n用法：{usage}\n\n{all-args}\n";

/// Subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 检查政策文件：错误逐条列出文件、行、列和改法
    #[command(help_template = SUB_TEMPLATE)]
    Check {
        /// 政策文件夹
        #[arg(value_name = "文件夹", default_value = "policies")]
        policies: PathBuf,
        /// 怎么报
        #[command(flatten)]
        report: Report,
    },
    /// 检查后建检索索引，生成发布包
    #[command(help_template = SUB_TEMPLATE)]
    Build {
        /// 政策文件夹
        #[arg(value_name = "文件夹", default_value = "policies")]
        policies: PathBuf,
        /// 发布包写到哪个目录
        #[arg(long, value_name = "目录", default_value = "huiqi-data")]
        out: PathBuf,
        /// 检索索引放在哪个目录
        #[arg(long, value_name = "目录", default_value = ".huiqi/index")]
        index: PathBuf,
        /// 发布单位
        #[arg(long, value_name = "名称", default_value = "未署名的发布单位")]
        publisher: String,
        /// 发布日期，默认今天（北京时间）
        #[arg(long, value_name = "日期", value_parser = parse_date)]
        as_of: Option<Date>,
        /// 发布序号（秒），默认现在；同样的输入和序号得到同样的字节
        #[arg(long, value_name = "整数")]
        sequence: Option<u64>,
        /// 检索索引全部重写，不在上次的后面追加
        #[arg(long)]
        full: bool,
        /// 签名密钥（huiqi key new 写的文件）：网页写了公钥的，数据必须签名
        #[arg(long, value_name = "文件")]
        key: Option<PathBuf>,
        /// 用几个线程建索引，默认每个核一个；结果的字节与线程数无关
        #[arg(long, value_name = "整数")]
        threads: Option<usize>,
    },
    /// 检索政策
    #[command(help_template = SUB_TEMPLATE)]
    Search {
        /// 检索词，空格分开
        #[arg(value_name = "检索词", required = true)]
        query: Vec<String>,
        /// 检索索引目录
        #[arg(long, value_name = "目录", default_value = ".huiqi/index")]
        index: PathBuf,
        /// 最多几条
        #[arg(long, value_name = "整数", default_value_t = 10)]
        limit: usize,
        /// 企业画像文件：列出这家企业的结论，还可以用 --only 结论=符合 筛选
        #[arg(long, value_name = "文件")]
        firm: Option<PathBuf>,
        /// 只要这样的，可以写多个：主题=融资、类别=奖励、受理状态=受理中、地区=河北省、发文机关=…、金额=…、发布年份=2023年
        #[arg(long, value_name = "项=值", value_parser = parse_filter)]
        only: Vec<(Facet, String)>,
        /// 列出每个筛选项各有多少条
        #[arg(long)]
        counts: bool,
        /// 按打的字查，不改错别字
        #[arg(long)]
        as_typed: bool,
        /// 按哪一天算，默认今天（北京时间）
        #[arg(long, value_name = "日期", value_parser = parse_date)]
        as_of: Option<Date>,
        /// 输出 JSON，一行一条
        #[arg(long)]
        json: bool,
    },
    /// 一家企业能享受什么，为什么
    #[command(help_template = SUB_TEMPLATE)]
    Explain {
        /// 政策文件夹
        #[arg(value_name = "文件夹", default_value = "policies")]
        policies: PathBuf,
        /// 企业画像文件（YAML，键是要素名，如 注册地: 河北省石家庄市）
        #[arg(long, value_name = "文件")]
        firm: PathBuf,
        /// 只看一个事项，逐条说明
        #[arg(long, value_name = "编号")]
        measure: Option<String>,
        /// 按哪一天算，默认今天（北京时间）
        #[arg(long, value_name = "日期", value_parser = parse_date)]
        as_of: Option<Date>,
        /// 输出 JSON，一行一个事项
        #[arg(long)]
        json: bool,
    },
    /// 网站管理员要贴的：标签、备用清单、内容安全策略、服务器设置
    #[command(help_template = SUB_TEMPLATE)]
    Embed {
        /// 发布包所在的目录
        #[arg(long, value_name = "目录", default_value = "huiqi-data")]
        data: PathBuf,
        /// 组件所在的目录
        #[arg(long, value_name = "目录", default_value = "widget")]
        widget: PathBuf,
        /// 网页看到的发布包地址
        #[arg(long, value_name = "地址", default_value = "data/")]
        data_url: String,
        /// 网页看到的组件地址
        #[arg(long, value_name = "地址", default_value = "widget/")]
        widget_url: String,
        /// 本站所在地区的六位代码：预先选好注册地，备用清单只列这里能用的
        #[arg(long, value_name = "代码", value_parser = parse_region)]
        region: Option<Code>,
        /// 发布单位的公钥（huiqi key new 印的 ed25519:…）：写进标签，网页只用它签过的数据
        #[arg(long, value_name = "公钥", value_parser = parse_key)]
        publisher_key: Option<PublicKey>,
        /// 上传目录用 huiqi pack 换过扩展名的，写那个扩展名，如 json
        #[arg(long, value_name = "扩展名", value_parser = parse_extension)]
        extension: Option<String>,
        /// 备用清单最多几项
        #[arg(long, value_name = "整数", default_value_t = 30)]
        limit: usize,
        /// 只要其中一段：标签、跟随、策略、nginx、apache、iis、框架、框架页、网页
        #[arg(long, value_name = "名称", value_parser = parse_part)]
        part: Option<Part>,
    },
    /// 签名：做密钥，写 keys.txt，查看
    #[command(help_template = SUB_TEMPLATE)]
    Key {
        /// 做什么
        #[command(subcommand)]
        action: Key,
    },
    /// 给内容管理系统：组件、数据、静态清单放进一个平的目录，扩展名换成它肯收的
    #[command(help_template = SUB_TEMPLATE)]
    Pack {
        /// 发布包所在的目录
        #[arg(long, value_name = "目录", default_value = "huiqi-data")]
        data: PathBuf,
        /// 组件所在的目录
        #[arg(long, value_name = "目录", default_value = "widget")]
        widget: PathBuf,
        /// 写到哪个目录；旧文件留着，网页还开着的人要用
        #[arg(long, value_name = "目录", default_value = "huiqi-upload")]
        out: PathBuf,
        /// 代替 .bin 和 .txt 的扩展名
        #[arg(long, value_name = "扩展名", value_parser = parse_extension, default_value = "json")]
        extension: String,
        /// 发布单位的公钥，写进 embed.html
        #[arg(long, value_name = "公钥", value_parser = parse_key)]
        publisher_key: Option<PublicKey>,
    },
    /// 看一个网页上的组件有什么毛病：策略、校验、缓存、跨域、过期……
    #[command(help_template = SUB_TEMPLATE)]
    Doctor {
        /// 网页的完整地址
        #[arg(value_name = "网址")]
        url: String,
        /// 按哪一天看有效期，默认今天（北京时间）
        #[arg(long, value_name = "日期", value_parser = parse_date)]
        as_of: Option<Date>,
        /// 输出 JSON，一行一条
        #[arg(long)]
        json: bool,
    },
    /// 在本机打开一个目录，看看网页
    #[command(help_template = SUB_TEMPLATE)]
    Serve {
        /// 网页目录
        #[arg(value_name = "目录")]
        dir: PathBuf,
        /// 端口
        #[arg(long, value_name = "端口", default_value_t = 8020)]
        port: u16,
        /// 附带的 Content-Security-Policy，用来试政府网站的严格设置
        #[arg(long, value_name = "策略")]
        csp: Option<String>,
    },
}

/// What `huiqi key` does.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// 做一个密钥，写进只有自己能读的文件，印出公钥
    #[command(help_template = SUB_TEMPLATE)]
    New {
        /// 新文件；已经有的不会覆盖
        #[arg(value_name = "文件")]
        file: PathBuf,
    },
    /// 用根密钥写发布目录里的 keys.txt：哪些签名密钥能用，能发布哪些地区和编号
    #[command(help_template = SUB_TEMPLATE)]
    Issue {
        /// 根密钥，平时离线保存
        #[arg(long, value_name = "文件")]
        root: PathBuf,
        /// 发布目录
        #[arg(long, value_name = "目录", default_value = "huiqi-data")]
        data: PathBuf,
        /// 加一个签名密钥：它的公钥（ed25519:…），可以写多个
        #[arg(long, value_name = "公钥", value_parser = parse_key)]
        add: Vec<PublicKey>,
        /// 能用多少天，最长 90 天
        #[arg(long, value_name = "天数", default_value_t = trust::KEY_DAYS)]
        days: i32,
        /// 作废一个密钥：它的编号（16 位），可以写多个
        #[arg(long, value_name = "编号")]
        revoke: Vec<String>,
        /// 能发布哪些地区的政策，逗号分开，如 130100,130200；全国写 000000
        #[arg(long, value_name = "代码", value_parser = parse_region, value_delimiter = ',')]
        regions: Vec<Code>,
        /// 事项编号只能以这些开头，逗号分开，如 sjz-,hebei-；不写不限
        #[arg(long, value_name = "开头", value_parser = parse_beginning, value_delimiter = ',')]
        ids: Vec<String>,
        /// 从哪一天起，默认今天（北京时间）
        #[arg(long, value_name = "日期", value_parser = parse_date)]
        as_of: Option<Date>,
    },
    /// 像网页那样核对发布目录的签名
    #[command(help_template = SUB_TEMPLATE)]
    Show {
        /// 发布目录
        #[arg(value_name = "目录", default_value = "huiqi-data")]
        data: PathBuf,
        /// 网页里写的公钥（根密钥的公钥）
        #[arg(long, value_name = "公钥", value_parser = parse_key)]
        key: PublicKey,
    },
}

/// What `huiqi check` prints.
#[derive(Debug, Args)]
pub struct Report {
    /// 输出 JSON，一行一条
    #[arg(long)]
    pub json: bool,
    /// 输出 SARIF 2.1.0，给代码托管平台和编辑器用
    #[arg(long, conflicts_with = "json")]
    pub sarif: bool,
    /// 逐条列出提示（默认只报条数）
    #[arg(long)]
    pub notes: bool,
    /// 输出完整度：各发文机关的得分和缺项；加 --json 输出每个事项、文件、机关的数据
    #[arg(long, conflicts_with = "sarif")]
    pub completeness: bool,
    /// 解释一个代码，如 --explain P202；all 列出全部代码
    #[arg(long, value_name = "代码")]
    pub explain: Option<String>,
    /// 按哪一天查有效期和复核，默认今天（北京时间）
    #[arg(long, value_name = "日期", value_parser = parse_date)]
    pub as_of: Option<Date>,
}

fn parse_filter(text: &str) -> Result<(Facet, String), String> {
    let names = || Facet::ALL.map(|(_, _, name)| name).join("、");
    let (name, value) =
        text.split_once(['=', '＝']).ok_or_else(|| format!("应写成 项=值，项是 {} 之一", names()))?;
    let facet = Facet::ALL.iter().find(|(_, _, n)| *n == name.trim());
    let (facet, ..) = facet.ok_or_else(|| format!("没有“{}”这一项，有 {}", name.trim(), names()))?;
    Ok((*facet, value.trim().to_owned()))
}

fn parse_extension(text: &str) -> Result<String, String> {
    let sound =
        (1..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let taken = ["js", "html"].contains(&text);
    (sound && !taken)
        .then(|| text.to_owned())
        .ok_or_else(|| "扩展名写 json 这样的小写字母，不能是 js 和 html".to_owned())
}

fn parse_key(text: &str) -> Result<PublicKey, String> {
    PublicKey::parse(text).map_err(|error| error.0)
}

fn parse_beginning(text: &str) -> Result<String, String> {
    let sound = !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b));
    sound.then(|| text.to_owned()).ok_or_else(|| "编号的开头只有小写字母、数字和短横".to_owned())
}

fn parse_region(text: &str) -> Result<Code, String> {
    Code::region(text).ok_or_else(|| "地区代码是六位数字，如 130100".to_owned())
}

fn parse_part(text: &str) -> Result<Part, String> {
    let found = embed::PARTS.iter().find(|(_, name, _)| *name == text).map(|(part, ..)| *part);
    found
        .ok_or_else(|| format!("没有“{text}”这一段，有 {}", embed::PARTS.map(|(_, name, _)| name).join("、")))
}

fn parse_date(text: &str) -> Result<Date, String> {
    Date::parse(text).ok_or_else(|| "日期写成 2026-11-22".to_owned())
}

/// clap's message in Chinese: what was typed, what is possible.
pub fn usage_error(error: &clap::Error) -> String {
    let context = |kind: ContextKind| {
        error.get(kind).map(|value| match value {
            ContextValue::Strings(list) => list.join("、"),
            ContextValue::StyledStr(text) => text.to_string(),
            other => other.to_string(),
        })
    };
    let argument = context(ContextKind::InvalidArg).unwrap_or_default();
    let value = context(ContextKind::InvalidValue).unwrap_or_default();
    let message = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            format!("没有命令“{}”", context(ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "要写一个命令".to_owned()
        }
        ErrorKind::UnknownArgument => format!("没有选项“{argument}”"),
        ErrorKind::MissingRequiredArgument => format!("缺少 {argument}"),
        ErrorKind::ArgumentConflict => {
            format!("{argument} 不能和 {} 一起用", context(ContextKind::PriorArg).unwrap_or_default())
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument} 后面要写值"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => format!("{argument} 的值“{value}”不对"),
        _ => format!("用法不对：{error}"),
    };
    let suggestions =
        [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let suggestion = suggestions.into_iter().find_map(context);
    let suggestion = suggestion.map_or_else(String::new, |s| format!("，是不是“{s}”？"));
    let source = std::error::Error::source(error).map_or_else(String::new, |s| format!("：{s}"));
    format!(
        "错误：{message}{source}{suggestion}\n运行 huiqi --help 看全部命令，huiqi <命令> --help 看选项。\n"
    )
}
